package artifact

import (
	"encoding/json"
	"os"
	"strings"
)

// held is what there is of a file.
type held struct {
	Bytes int64 `json:"bytes"`
	// Modified, in seconds, is of one that bears its name.
	Modified *int64 `json:"modified,omitempty"`
}

// of is how many bytes are held of what is sent: the sender goes by the same rule.
func (h held) of(file File) int64 {
	if h.Modified != nil && (*h.Modified != file.Modified.Unix() || h.Bytes != file.Size) {
		return 0
	}
	return min(h.Bytes, file.Size)
}

// ask is what to ask for: with what is there already.
func (g *getting) ask() ([]byte, map[string]held, error) {
	have := map[string]held{}
	entries, err := os.ReadDir(g.root.Name())
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		name, part := strings.CutSuffix(entry.Name(), PartSuffix)
		status, err := entry.Info()
		if err != nil || !status.Mode().IsRegular() || !matches(name, g.plan.Artifacts.Files) || g.fresh[name] || g.Compress != "" {
			continue
		}
		if part {
			have[name] = held{Bytes: status.Size() / windowSize * windowSize} // whole windows
		} else if _, other := have[name]; !other {
			modified := status.ModTime().Unix()
			have[name] = held{Bytes: status.Size(), Modified: &modified}
		}
	}
	asked, err := json.Marshal(struct {
		Select []string        `json:"select,omitempty"`
		Have   map[string]held `json:"have,omitempty"`
		Dense  bool            `json:"dense"`
	}{g.Select, have, true})
	return asked, have, err
}

// distrust makes a file come anew, and everything that has not come: one that is not what it was taken for is seldom alone.
func (g *getting) distrust(stale File) {
	g.fresh[stale.Name] = true
	for _, file := range g.files {
		if _, done := g.done[file.Name]; !done {
			g.fresh[file.Name] = true
		}
	}
}
