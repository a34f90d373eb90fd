package stax_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// wanted are key, method and path of what the connector has to have.
const wanted = `
self.get GET /self
customer.list GET /customer
customer.changed GET /customer
customer.scan GET /customer
customer.note.list GET /customer
customer.note.scan GET /customer
customer.find GET /customer
customer.find_by_reference GET /customer
customer.find_by_name GET /customer
customer.upsert POST /customer
customer.note.append PUT /customer/{customerId}
customer.get GET /customer/{customerId}
customer.create POST /customer
customer.find_or_create POST /customer/find-or-create
customer.update PUT /customer/{customerId}
customer.delete DELETE /customer/{customerId}
customer.payment_method.list GET /customer/{customerId}/payment-method
invoice.list GET /invoice
invoice.changed GET /invoice
invoice.scan GET /invoice
invoice.get GET /invoice/{invoiceId}
invoice.create POST /invoice
invoice.update PUT /invoice/{invoiceId}
invoice.send PUT /invoice/{invoiceId}/send/{channel}
invoice.pay POST /invoice/{invoiceId}/pay
invoice.delete DELETE /invoice/{invoiceId}
schedule.list GET /invoice/schedule
schedule.changed GET /invoice/schedule
schedule.get GET /invoice/schedule/{scheduleId}
schedule.create POST /invoice/schedule
schedule.create_autopay POST /invoice/schedule
schedule.update PUT /invoice/schedule/{scheduleId}
schedule.pause PUT /invoice/schedule/{scheduleId}
schedule.resume PUT /invoice/schedule/{scheduleId}
schedule.delete DELETE /invoice/schedule/{scheduleId}
transaction.list GET /transaction
transaction.scan GET /transaction
transaction.get GET /transaction/{transactionId}
transaction.refund POST /transaction/{transactionId}/refund
transaction.void POST /transaction/{transactionId}/void
transaction.void_or_refund POST /transaction/{transactionId}/void-or-refund
transaction.capture POST /transaction/{transactionId}/capture
charge.create POST /charge
item.list GET /item
item.create POST /item
item.update PUT /item/{itemId}
item.delete DELETE /item/{itemId}
webhook.list GET /webhook
webhook.create POST /webhook
webhook.delete DELETE /webhook/{webhookId}
`

func TestNew_HasTheOperationsOfTheService(t *testing.T) {
	t.Parallel()
	c, _ := open(t, says(200, "", ""))
	want, got := strings.Split(strings.TrimSpace(wanted), "\n"), []string{}
	for _, o := range c.Describe().Operations {
		got = append(got, o.Key+" "+o.Method+" "+o.Path)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

// TestNew_MarksWhatMovesMoney also looks for inputs that could take the data of a card.
func TestNew_MarksWhatMovesMoney(t *testing.T) {
	t.Parallel()
	c, _ := open(t, says(200, "", ""))
	pays := map[string]bool{}
	for _, o := range c.Describe().Operations {
		if o.Danger == connectors.DangerPay {
			pays[o.Key] = o.Repeat == connectors.RepeatNever
		}
		for _, in := range o.Inputs {
			if in.Name == "payment_method_id" && o.Danger != connectors.DangerPay {
				t.Errorf("%s takes a payment method and is not marked", o.Key)
			}
			for _, word := range []string{"card", "cvv", "account_number", "routing", "bank"} {
				if strings.HasPrefix(in.Name, word) {
					t.Errorf("%s has the input %s, want none for the data of cards and accounts", o.Key, in.Name)
				}
			}
		}
	}
	want := map[string]bool{
		"charge.create": true, "invoice.pay": true, "schedule.create_autopay": true, "transaction.capture": true, "transaction.refund": true,
		"transaction.void": true, "transaction.void_or_refund": true,
		"schedule.update": false, "schedule.resume": true, // of one with autopay they say how much is taken, and when
	}
	if !maps.Equal(pays, want) {
		t.Errorf("marked, and whether they are never repeated: %v, want %v", pays, want)
	}
}

func TestErrors_AreReadLoosely(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status   int
		body     string
		kind     connectors.Kind
		text     string
		after    time.Duration
		withHint bool
	}{
		{400, `{"message":"bad parameter"}`, connectors.Invalid, "bad parameter", 0, false},
		{401, `{"error":"token_invalid"}`, connectors.Auth, "token_invalid", 0, true},
		{401, ``, connectors.Auth, "Unauthorized", 0, true},
		{404, `{"message":"not found"}`, connectors.NotFound, "not found", 0, false},
		{409, `{}`, connectors.Conflict, "{}", 0, false},
		{422, `{"email":["must be valid","is taken"],"total":["is required"]}`, connectors.Invalid, "email: must be valid; email: is taken; total: is required", 0, false},
		{422, `{"errors":{"email":["is taken"]}}`, connectors.Invalid, "email: is taken", 0, false},
		{422, `<html>`, connectors.Invalid, "<html>", 0, false},
		{429, `{"message":"Too Many Attempts."}`, connectors.RateLimited, "Too Many Attempts.", time.Hour, true},
		{500, ``, connectors.Transient, "Internal Server Error", 0, false},
	}
	for _, tt := range tests {
		c, s := open(t, says(tt.status, "application/json", tt.body))
		_, err := s.Call(t.Context(), operation(t, c, "customer.get"), map[string]any{"customerId": "1"})
		e, ok := errors.AsType[*connectors.Error](err)
		if !ok || e.Kind != tt.kind || e.Err.Error() != tt.text || e.RetryAfter != tt.after || (e.Hint != "") != tt.withHint {
			t.Errorf("%d %s gives %+v, want %s %q after %s", tt.status, tt.body, err, tt.kind, tt.text, tt.after)
		}
	}
}

// TestCustomerGet_ShowsThatACustomerIsGone has an answer with status 200 in both cases: a
// look at a deleted customer is no refusal that counts.
func TestCustomerGet_ShowsThatACustomerIsGone(t *testing.T) {
	t.Parallel()
	for deleted, want := range map[string]int{`null`: 1, `"2026-05-01 14:32:55"`: 0} {
		c, s := open(t, says(200, "application/json", `{"id":"c1","created_at":"2026-04-01 10:00:00","updated_at":"2026-05-01 14:32:55","deleted_at":`+deleted+`}`))
		p, err := s.Page(t.Context(), operation(t, c, "customer.get"), connectors.Query{Inputs: map[string]any{"customerId": "c1"}})
		if err != nil || len(p.Records) != want {
			t.Fatalf("deleted_at %s: got %+v, %v, want %d records", deleted, p, err, want)
		}
		if want == 1 && !p.Records[0].Updated.Equal(time.Date(2026, 5, 1, 14, 32, 55, 0, time.UTC)) {
			t.Errorf("updated %s, want 14:32:55 in UTC", p.Records[0].Updated)
		}
	}
}

// TestNew_KeepsBelowWhatBlocksTheAddress holds limits and breaker to what the documents say.
func TestNew_KeepsBelowWhatBlocksTheAddress(t *testing.T) {
	t.Parallel()
	c, _ := open(t, says(200, "", ""))
	d := c.Describe()
	if len(d.Limits) != 1 || d.Limits[0].Requests != 60 || d.Limits[0].Per != time.Minute || d.Limits[0].By != "host" {
		t.Errorf("limits %+v, want 60 a minute for the host", d.Limits)
	}
	if want := (&connectors.Breaker{Failures: 4, Per: time.Minute, Statuses: [][2]int{{400, 499}}}); !cmp.Equal(want, d.Breaker) {
		t.Errorf("breaker %+v, want %+v", d.Breaker, want)
	}
}
