package stax

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// notes makes a row of each line of a customer's notes, which the service keeps as one
// text. What tells lines apart is their words and how often these were there before, not
// their place: a line that is added, at whatever end, is a new note and leaves the others
// what they were. A line that is edited is another note, and the old one is gone.
func notes(row []byte) ([][]byte, error) {
	var customer struct {
		ID        string `json:"id"`
		Notes     string `json:"notes"`
		UpdatedAt any    `json:"updated_at"`
		DeletedAt any    `json:"deleted_at"`
		Firstname any    `json:"firstname"`
		Lastname  any    `json:"lastname"`
		Company   any    `json:"company"`
		Email     any    `json:"email"`
	}
	if err := json.Unmarshal(row, &customer); err != nil {
		return nil, fmt.Errorf("a customer: %w", err)
	}
	if customer.ID == "" {
		return nil, errors.New("a customer without an id")
	}
	var rows [][]byte
	before := map[string]int{}
	for line := range strings.Lines(customer.Notes) {
		text := strings.TrimSpace(line)
		if text == "" {
			continue
		}
		before[text]++
		note, err := json.Marshal(map[string]any{
			"id": noteID(customer.ID, text, before[text]), "customer_id": customer.ID, "text": text, "position": len(rows) + 1,
			"firstname": customer.Firstname, "lastname": customer.Lastname, "company": customer.Company, "email": customer.Email,
			"updated_at": customer.UpdatedAt, "deleted_at": customer.DeletedAt,
		})
		if err != nil {
			return nil, fmt.Errorf("a note of the customer %s: %w", customer.ID, err)
		}
		rows = append(rows, note)
	}
	return rows, nil
}

// noteID names the line of a customer with some words, where it is not the first.
func noteID(customer, text string, number int) string {
	sum := sha256.Sum256([]byte(text))
	id := customer + "." + hex.EncodeToString(sum[:8])
	if number > 1 {
		id += "." + strconv.Itoa(number)
	}
	return id
}
