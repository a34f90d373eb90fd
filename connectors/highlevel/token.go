package highlevel

import (
	"net/url"

	"github.com/pollux-automation/pollux/connectors/auth"
)

// locationToken is the name of the hook that trades the token of an agency for that of
// one of its sub-accounts.
const locationToken = "location_token"

// The audiences of operations. Those that name none want the token of a sub-account.
const (
	agencyOnly = "agency"
	either     = "either" // the token of an agency will do as well as that of a sub-account
)

// trade says how the token for an audience is had. A sign-in to a sub-account has one
// token, and no way to the agency's. A sign-in to an agency has the agency's, which is
// traded for that of the sub-account in the settings (POST /oauth/locationToken; service
// docs, read 2026-09). The traded one comes without a refresh token.
func trade(own auth.Token, settings map[string]any, audience string) (*auth.Trade, error) {
	agency := own.Facts["userType"] == "Company"
	if err := elsewhere(own, settings, agency); err != nil {
		return nil, err
	}
	switch {
	case !agency && audience == agencyOnly:
		return nil, &auth.Error{
			Refused: true, Words: "the operation needs a token of the agency, and the account is signed in to a sub-account",
			Hint: "give the agency an account of its own and sign in to it as the agency",
		}
	case !agency || audience == agencyOnly || audience == either:
		return nil, nil //nolint:nilnil // the account's own token is it
	}
	location, _ := settings["locationId"].(string)
	if location == "" {
		return nil, &auth.Error{
			Refused: true, Words: "the operation needs a token of a sub-account, and the account is signed in to an agency",
			Hint: "add locationId to the settings of the account",
		}
	}
	company := own.Facts["companyId"]
	if company == "" {
		company, _ = settings["companyId"].(string)
	}
	return &auth.Trade{
		Path: "/oauth/locationToken", Form: url.Values{"companyId": {company}, "locationId": {location}},
		Header: map[string]string{"Version": "2021-07-28"},
	}, nil
}

// elsewhere returns an error for a sign-in to another sub-account, or another agency, than
// the settings name: whoever consents chooses one from a list, and may choose a wrong one.
func elsewhere(own auth.Token, settings map[string]any, agency bool) error {
	what, setting := "sub-account", "locationId"
	if agency {
		what, setting = "agency", "companyId"
	}
	is := own.Facts[setting]
	want, _ := settings[setting].(string)
	if is == "" || want == "" || is == want {
		return nil
	}
	return &auth.Error{
		Refused: true, Words: "the account is signed in to the " + what + " " + is + ", and its settings name " + want,
		Hint: "sign in anew and choose that one, or change " + setting + " in the settings of the account",
	}
}
