package builder

import (
	"fmt"
	"slices"
	"strings"
)

// Offer is something that can be built.
type Offer struct {
	// Kind is "version" or "branch", and Name what the option of that name is to be set to.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Date is the day that it was made, as YYYY-MM-DD.
	Date string `json:"date"`
	// SDK is the version of the SDK that it needs; empty where that is not known.
	SDK string `json:"sdk,omitempty"`
	// Note says what is wrong with it.
	Note string `json:"note,omitempty"`
}

// Begins tells whether an offer's name begins with a text, or the number in it does.
func (r Recipe) Begins(offer Offer, text string) bool {
	if strings.HasPrefix(offer.Name, text) {
		return true
	}
	number, err := r.Releases.number(offer.Name)
	return err == nil && text != "" && strings.HasPrefix(fmt.Sprint(number[0]), text)
}

// ParseOffers reads what the command of Plan.Versions prints. Branches come first, by the day of their last change;
// then versions, the newest last. What the recipe's errata say of one is noted.
func (r Recipe) ParseOffers(text string) ([]Offer, error) {
	var offers []Offer
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 4 || fields[0] != "version" && fields[0] != "branch" {
			return nil, fmt.Errorf("%q is not a kind, a name, a date and an SDK version", strings.TrimSpace(line))
		}
		offer := Offer{Kind: fields[0], Name: fields[1], Date: fields[2], SDK: strings.TrimPrefix(fields[3], "-")}
		defect, ok := r.erratum(Config{Options: map[string][]string{offer.Kind: {offer.Name}}})
		if _, matched := defect.Match[offer.Kind]; ok && matched {
			offer.Note = fmt.Sprintf("defective: %s is built instead", options(defect.Use))
		}
		offers = append(offers, offer)
	}
	slices.SortStableFunc(offers, func(a, b Offer) int {
		switch {
		case a.Kind != b.Kind:
			return strings.Compare(a.Kind, b.Kind)
		case a.Kind == "branch":
			return strings.Compare(a.Date+a.Name, b.Date+b.Name)
		}
		return compareVersions(a.Name, b.Name)
	})
	return offers, nil
}

// compareVersions compares numbers with dots between them.
func compareVersions(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		return strings.Compare(x, y)
	})
}
