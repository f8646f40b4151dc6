package provenance

import (
	"fmt"
	"os"
	"slices"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Origin is what the provenance tells of where files come from, in short.
type Origin struct {
	Recipe     string            `json:"recipe"`
	Invocation string            `json:"invocation,omitempty"`
	Started    time.Time         `json:"started,omitzero"`
	Finished   time.Time         `json:"finished,omitzero"`
	Versions   map[string]string `json:"versions,omitempty"`
	// Materials is how many things the build was made from that the provenance names.
	Materials int `json:"materials"`
}

// maxStatement bounds what is read of a statement.
const maxStatement = 16 << 20

// checkStatement holds the provenance against the checksums: it must speak of the very files that these list.
func (r *Report) checkStatement(root *os.Root, sums []Sum) {
	at := slices.IndexFunc(r.Files, func(f Checked) bool { return f.Name == StatementFile && f.State == Good })
	if at < 0 {
		return // it is not there, or is reported already
	}
	text, err := readPlain(root, StatementFile, maxStatement)
	if err != nil {
		r.fail(StatementFile, "cannot be read: "+builder.Reason(err))
		return
	}
	statement, predicate, err := parseStatement(text)
	if err != nil {
		r.fail(StatementFile, "cannot be used: "+err.Error())
		return
	}
	wrong := compare(statement, predicate, sums)
	for _, what := range wrong {
		r.fail(StatementFile, what)
	}
	if len(wrong) == 0 {
		r.Origin = originOf(predicate)
	}
}

// parseStatement reads a statement of this program's, and no other: nothing in it may be unknown.
func parseStatement(text []byte) (*intoto.Statement, *slsa.Provenance, error) {
	var statement intoto.Statement
	if err := protojson.Unmarshal(text, &statement); err != nil {
		return nil, nil, fmt.Errorf("it is not an in-toto statement: %w", err)
	}
	if err := statement.Validate(); err != nil {
		return nil, nil, fmt.Errorf("it is not an in-toto statement: %w", err)
	}
	if statement.Type != intoto.StatementTypeUri || statement.PredicateType != predicateType {
		return nil, nil, fmt.Errorf("it states %q, not %q", statement.PredicateType, predicateType)
	}
	inside, err := protojson.Marshal(statement.Predicate)
	if err != nil {
		return nil, nil, err
	}
	var predicate slsa.Provenance
	if err := protojson.Unmarshal(inside, &predicate); err != nil {
		return nil, nil, fmt.Errorf("it is not SLSA provenance: %w", err)
	}
	if err := predicate.Validate(); err != nil {
		return nil, nil, fmt.Errorf("it is not SLSA provenance: %w", err)
	}
	if kind := predicate.BuildDefinition.BuildType; kind != BuildType {
		return nil, nil, fmt.Errorf("it is of a build of the type %q, which this version does not know", kind)
	}
	return &statement, &predicate, nil
}

// compare tells where a statement and the checksums do not say the same.
func compare(statement *intoto.Statement, predicate *slsa.Provenance, sums []Sum) []string {
	stated := map[string]string{}
	var wrong []string
	for _, d := range slices.Concat(statement.Subject, predicate.RunDetails.Byproducts) {
		if _, twice := stated[d.Name]; twice {
			wrong = append(wrong, fmt.Sprintf("names %q twice", d.Name))
		}
		stated[d.Name] = d.Digest["sha256"]
	}
	if _, ok := stated[PlanFile]; !ok {
		wrong = append(wrong, "does not name the plan of the build")
	}
	for _, sum := range sums {
		if sum.Name == StatementFile || sum.Name == SumsFile {
			continue // which the list beside it covers, and the statement need not repeat
		}
		digest, ok := stated[sum.Name]
		delete(stated, sum.Name)
		switch {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("does not name %s, which the checksums list", sum.Name))
		case digest != sum.SHA256:
			wrong = append(wrong, fmt.Sprintf("gives %s the SHA-256 %q, where the checksums have %s", sum.Name, digest, sum.SHA256))
		}
	}
	for name := range stated {
		wrong = append(wrong, fmt.Sprintf("names %q, which no checksum is of", name))
	}
	slices.Sort(wrong)
	return wrong
}

func originOf(predicate *slsa.Provenance) *Origin {
	definition, run := predicate.BuildDefinition, predicate.RunDetails
	o := &Origin{Materials: len(definition.ResolvedDependencies), Versions: run.Builder.Version}
	o.Recipe = definition.ExternalParameters.Fields["recipe"].GetStringValue()
	if metadata := run.Metadata; metadata != nil {
		o.Invocation = metadata.InvocationId
		if metadata.StartedOn != nil {
			o.Started = metadata.StartedOn.AsTime()
		}
		if metadata.FinishedOn != nil {
			o.Finished = metadata.FinishedOn.AsTime()
		}
	}
	return o
}
