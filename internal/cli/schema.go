package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/recipes"
)

// schemaCommand returns "schema". An editor that has the schema completes and checks
// a recipe while it is written; "validate" knows more.
func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "schema {recipe|connector}",
		Short:     "Print the JSON schema of recipes or connector manifests, for editors",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"recipe", "connector"},
		RunE: func(_ *cobra.Command, args []string) error {
			// cobra lets nothing through but the two names.
			text := recipes.JSONSchema()
			if args[0] == "connector" {
				text = manifest.Schema()
			}
			_, err := fmt.Fprint(a.Stdout, string(text))
			return err
		},
	}
}
