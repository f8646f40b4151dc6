package provenance

import (
	"encoding/json"
	"fmt"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

const (
	// BuildType says how to read the parameters of a statement: docs/provenance.md.
	BuildType = "https://github.com/coreos-builder/coreos-builder/blob/main/docs/provenance.md#image-v1"
	// BuilderID is what vouches for a statement: this program, run by whoever signed.
	BuilderID = "https://github.com/coreos-builder/coreos-builder"
	// predicateType is that of SLSA provenance.
	predicateType = "https://slsa.dev/provenance/v1"
)

// encodeStatement is the statement that the artefacts were built this way.
func encodeStatement(build Build, projects []Project, files []artifact.File, documents []document) ([]byte, error) {
	predicate, err := provenanceOf(build, projects, documents)
	if err != nil {
		return nil, err
	}
	inside, err := toStruct(predicate)
	if err != nil {
		return nil, err
	}
	statement := &intoto.Statement{Type: intoto.StatementTypeUri, PredicateType: predicateType, Predicate: inside}
	for _, file := range files {
		statement.Subject = append(statement.Subject, descriptor(file.Name, file.SHA256))
	}
	if err := statement.Validate(); err != nil {
		return nil, err
	}
	text, err := protojson.Marshal(statement)
	if err != nil {
		return nil, err
	}
	return settle(text)
}

func descriptor(name, sha256 string) *intoto.ResourceDescriptor {
	return &intoto.ResourceDescriptor{Name: name, Digest: map[string]string{"sha256": sha256}}
}

// provenanceOf is the predicate: what was asked for, what it was made from, and who ran it when.
func provenanceOf(build Build, projects []Project, documents []document) (*slsa.Provenance, error) {
	external, err := externalParameters(build)
	if err != nil {
		return nil, err
	}
	internal, err := toStruct(map[string]any{"steps": build.Steps})
	if err != nil {
		return nil, err
	}
	predicate := &slsa.Provenance{
		BuildDefinition: &slsa.BuildDefinition{
			BuildType:            BuildType,
			ExternalParameters:   external,
			InternalParameters:   internal,
			ResolvedDependencies: dependencies(build, projects),
		},
		RunDetails: &slsa.RunDetails{
			Builder: &slsa.Builder{Id: BuilderID, Version: versions(build)},
			Metadata: &slsa.BuildMetadata{
				InvocationId: build.Invocation,
				StartedOn:    timestamp(build.Started),
				FinishedOn:   timestamp(build.Finished),
			},
		},
	}
	for _, d := range documents {
		predicate.RunDetails.Byproducts = append(predicate.RunDetails.Byproducts, descriptor(d.name, d.sha256()))
	}
	return predicate, predicate.Validate()
}

// externalParameters are what the user decided. Of secrets a configuration knows only whether there are any.
func externalParameters(build Build) (*structpb.Struct, error) {
	config := build.Plan.Config
	config.Workspace = "" // a name for the user's own use, which changes no result
	parameters, err := toStruct(config)
	if err != nil {
		return nil, err
	}
	delete(parameters.Fields, "workspace")
	parameters.Fields["recipe"] = structpb.NewStringValue(build.Plan.Recipe)
	return parameters, nil
}

func versions(build Build) map[string]string {
	versions := map[string]string{}
	if build.Version != "" {
		versions["coreos-builder"] = build.Version
	}
	if build.Engine != "" {
		versions["engine"] = build.Engine
	}
	return versions
}

func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// toStruct is a message or a value as the free form that statements hold.
func toStruct(value any) (*structpb.Struct, error) {
	encode := func() ([]byte, error) { return json.Marshal(value) }
	if message, ok := value.(proto.Message); ok {
		encode = func() ([]byte, error) { return protojson.Marshal(message) }
	}
	text, err := encode()
	if err != nil {
		return nil, err
	}
	var s structpb.Struct
	if err := protojson.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("as a free form: %w", err)
	}
	return &s, nil
}
