package provenance

import (
	"bytes"
	"encoding/json"
)

// encode is a value as JSON: with keys in order, indented, and nothing that changes from run to run.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return text.Bytes(), err
}

// settle is JSON in the one form that encode gives it: protojson deliberately puts in spaces at random.
func settle(text []byte) ([]byte, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return encode(value)
}
