package config

import (
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// regimes reads the operator's folders of regimes, one or a list, into the law.
func (c *Config) regimes(s *section) {
	f, ok := s.take("regimes")
	if !ok {
		return
	}
	folders := []*field{f}
	if _, several := f.node.(*ast.SequenceNode); several {
		folders, _ = f.items()
	}
	for _, folder := range folders {
		path, info, ok := folder.stat()
		if !ok {
			continue
		}
		if !info.IsDir() {
			folder.refuse("the path named there is not that of a folder: name the folder that the regime's file lies in")
			continue
		}
		law, err := c.Law.With(os.DirFS(path))
		if err != nil {
			for mistake := range strings.SplitSeq(err.Error(), "\n") { // each begins with file and line
				folder.refuse("%s", mistake)
			}
			continue
		}
		c.Law = law
	}
}
