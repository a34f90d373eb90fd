package infer

import (
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/wording"
)

// personal are words in names of members whose values are about a person.
func personal() []string {
	return []string{
		"email", "e_mail", "mail", "phone", "mobile", "telephone", "tel", "fax", "first_name", "firstname", "last_name", "lastname", "full_name",
		"fullname", "given_name", "family_name", "surname", "middle_name", "nickname", "birthday", "birthdate", "birth_date", "date_of_birth", "dob",
		"address", "address1", "address2", "street", "zip", "zipcode", "zip_code", "postal_code", "postcode", "postalcode", "iban", "ssn", "tax_id",
		"passport", "ip", "ip_address", "latitude", "longitude", "signature", "avatar", "photo",
	}
}

// people are words before _name that say whose name it is.
func people() []string {
	return []string{"customer", "contact", "client", "person", "owner", "requester", "assignee", "author", "sender", "recipient", "user", "member", "guest", "patient", "student", "employee", "billing", "shipping"}
}

// Personal guesses from the name of a member whether its value is about a person, such as
// email, customerPhone or first_name. It errs on the side of true.
func Personal(name string) bool {
	snake := wording.Underscored(name)
	for _, word := range personal() {
		if snake == word || strings.HasSuffix(snake, "_"+word) || strings.HasPrefix(snake, word+"_") && word != "mail" && word != "ip" {
			return true
		}
	}
	whose, isName := strings.CutSuffix(snake, "_name")
	if !isName {
		return false
	}
	for _, who := range people() {
		if whose == who || strings.HasSuffix(whose, "_"+who) {
			return true
		}
	}
	return false
}
