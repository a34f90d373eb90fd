package functions

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// contactFunctions are those for what people are reached by.
func contactFunctions() []Function {
	return []Function{
		{
			Doc: Doc{
				Name: "email", Signature: "email(text)", Example: `email(" Ann@Example.com ")`, Result: `"ann@example.com"`,
				Summary: "the address trimmed and in lower case; nil if it cannot be one",
			},
			Types: []any{new(textToText)}, Call: onText("email", func(s string) (any, error) { return email(s), nil }),
		},
		{
			Doc: Doc{
				Name: "phone", Signature: `phone(text, "KR")`, Example: `phone("010-1234-5678", "KR")`, Result: `"+821012345678"`,
				Summary: "the number in the form E.164, as dialled in that country; nil if it cannot be one",
			},
			Types: []any{new(textToText2)}, Call: phoneCall,
			Constants: map[int]func(string) *ArgumentError{1: oneOf("country", "KR", slices.Sorted(maps.Keys(dialling())))},
		},
	}
}

// email returns the address in the form in which services compare addresses, or nil.
// It refuses only what no mail server takes. An address has 254 bytes at most, for a
// path has 256 with its brackets (RFC 5321, 4.5.3.1.3).
func email(s string) any {
	s = strings.ToLower(strings.TrimSpace(s))
	local, domain, found := strings.Cut(s, "@")
	switch {
	case !found, local == "", strings.Contains(domain, "@"), len(s) > 254:
		return nil
	case strings.ContainsAny(s, " \t\r\n,;<>"):
		return nil
	case !strings.Contains(domain, "."), strings.HasPrefix(domain, "."), strings.HasSuffix(domain, "."), strings.Contains(domain, ".."):
		return nil
	}
	return s
}

// plan is how a country dials: its calling code, and the digit that stands before
// a number inside the country and is left out from abroad.
type plan struct {
	code, trunk string
}

// dialling are the countries that phone knows (ITU-T E.164 assignments and national
// numbering plans, read 2026-09). Elsewhere numbers must come with +. A country
// without trunk has the empty text.
func dialling() map[string]plan {
	return map[string]plan{
		"AT": {"43", "0"}, "AU": {"61", "0"}, "BE": {"32", "0"}, "BR": {"55", "0"}, "CA": {"1", "1"}, "CH": {"41", "0"}, "CN": {"86", "0"},
		"CZ": {"420", ""}, "DE": {"49", "0"}, "DK": {"45", ""}, "ES": {"34", ""}, "FI": {"358", "0"}, "FR": {"33", "0"}, "GB": {"44", "0"},
		"HK": {"852", ""}, "ID": {"62", "0"}, "IE": {"353", "0"}, "IN": {"91", "0"}, "IT": {"39", ""}, "JP": {"81", "0"}, "KR": {"82", "0"},
		"MX": {"52", ""}, "MY": {"60", "0"}, "NL": {"31", "0"}, "NO": {"47", ""}, "NZ": {"64", "0"}, "PH": {"63", "0"}, "PL": {"48", ""},
		"PT": {"351", ""}, "SE": {"46", "0"}, "SG": {"65", ""}, "TH": {"66", "0"}, "TW": {"886", "0"}, "US": {"1", "1"}, "VN": {"84", "0"}, "ZA": {"27", "0"},
	}
}

//nolint:gochecknoglobals // a table
var plans = dialling()

// phoneCall reads the arguments of phone. A country that is no constant can be
// unknown here; a constant one was checked when the recipe was loaded.
func phoneCall(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	t, err := texts("phone", args, 0)
	if err != nil {
		return nil, err
	}
	p, known := plans[t[1]]
	if !known {
		return nil, fmt.Errorf("phone does not know the country %q", t[1])
	}
	return phone(t[0], p), nil
}

// phone returns the number in the form E.164, or nil when its length cannot be right.
// It knows no operators or areas: a number of the right length passes. A number that
// begins with + or 00 keeps its country, whatever country the recipe names. E.164
// allows 15 digits at most; under 8 the calling code and the number cannot both be
// there (a rule of thumb). North American numbers have 11 with the 1.
func phone(s string, p plan) any {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "+39") { // in Italy alone the zero is dialled from abroad too
		s = strings.Replace(s, "(0)", "", 1)
	}
	international := strings.HasPrefix(s, "+")
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	switch {
	case international:
	case strings.HasPrefix(digits, "00"):
		digits = digits[2:]
	default:
		if p.trunk != "" {
			digits = strings.TrimPrefix(digits, p.trunk)
		}
		digits = p.code + digits
	}
	if len(digits) < 8 || len(digits) > 15 || digits[0] == '0' || p.code == "1" && strings.HasPrefix(digits, "1") && len(digits) != 11 {
		return nil
	}
	return "+" + digits
}
