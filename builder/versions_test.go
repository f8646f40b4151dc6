package builder_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
)

func TestOffersComeNewestLast(t *testing.T) {
	got, err := grown().ParseOffers("version 10.2.0 2015-01-02 9.0.0\nversion 4 2014-01-01 3\nbranch master 2016-01-01 -\n" +
		"version 9.10.0 2015-01-01 8.0.0\nversion 9.9.0 2015-01-01 8.0.0\nbranch build-9 2015-01-01 8.0.0\n")
	wanted := []builder.Offer{
		{Kind: "branch", Name: "build-9", Date: "2015-01-01", SDK: "8.0.0"},
		{Kind: "branch", Name: "master", Date: "2016-01-01"},
		{Kind: "version", Name: "4", Date: "2014-01-01", SDK: "3", Note: "defective: version 3 is built instead"},
		{Kind: "version", Name: "9.9.0", Date: "2015-01-01", SDK: "8.0.0"},
		{Kind: "version", Name: "9.10.0", Date: "2015-01-01", SDK: "8.0.0"},
		{Kind: "version", Name: "10.2.0", Date: "2015-01-02", SDK: "9.0.0"},
	}
	if difference := cmp.Diff(wanted, got); err != nil || difference != "" {
		t.Error(err, difference)
	}
	for _, bad := range []string{"version 1", "tag 1 2 3", "version 1 2 3 4", "error: no such repository"} {
		if _, err := grown().ParseOffers(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
