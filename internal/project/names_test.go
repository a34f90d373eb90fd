package project_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/project"
)

const namedRecipe = `recipe: v1
id: story
connections: {crm: {connector: highlevel, account: acme}}
trigger: {poll: crm.contact.search, schedule: {every: 1m}, start: now, watch: [customFields.pln]}
filter: record.customFields.Plan == "gold" and changed("customFields.plam")
steps:
  - id: tell
    call: crm.opportunity.update
    with: {opportunityId: =record.id, customFields: {plann: '=record.customFields["no such"]'}}
`

func TestCheckNames_FindsNamesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		want   []string
	}{
		{"the service answers", http.StatusOK, []string{
			`4:80: error: there is no custom field "pln", in acme [no-such-name] did you mean "plan"?`,
			`5:56: error: there is no custom field "plam", in acme [no-such-name] did you mean "plan"?`,
			`9:54: error: there is no custom field "plann", in acme [no-such-name] did you mean "plan"?`,
			`9:83: error: there is no custom field "no such", in acme [no-such-name] known here: plan`,
		}},
		{"it does not", http.StatusServiceUnavailable, []string{
			`4:80: warning: whether "pln" exists is not known: highlevel.custom_field.list: status 503: read the definitions of the custom fields: {}` +
				` [names-unread] check the account with pollux accounts check acme`,
			`9:54: warning: whether "plann" exists is not known: highlevel.custom_field.list: status 503: read the definitions of the custom fields: {}` +
				` [names-unread] check the account with pollux accounts check acme`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(tt.status)
				if tt.status != http.StatusOK {
					_, _ = w.Write([]byte("{}"))
					return
				}
				model := r.URL.Query().Get("model")
				_, _ = w.Write([]byte(`{"customFields":[{"id":"f1","name":"Plan","fieldKey":"` + model + `.plan","dataType":"TEXT"}]}`))
			}))
			defer server.Close()
			config := write(t, map[string]string{
				"pollux.yaml": goodSettings + "    base_url: " + server.URL + "\n", "recipes/story.yaml": namedRecipe,
			})
			p := project.Read(config, project.Options{Env: withToken})
			if p.Findings.Len() > 0 {
				t.Fatal(p.Findings.Sorted())
			}
			if err := p.OpenAccounts(); err != nil {
				t.Fatal(err)
			}
			defer p.Accounts[0].Session.Close()
			p.CheckNames(t.Context())
			var got []string
			for _, f := range p.Findings.Sorted() {
				got = append(got, strings.TrimPrefix(f.String(), filepath.Join(filepath.Dir(config), "recipes", "story.yaml")+":")+" "+f.Suggestion)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
