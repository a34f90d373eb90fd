package yamlnode

import "github.com/pollux-automation/pollux/internal/diag"

// The codes of the findings that this package adds.
const (
	CodeTooLarge     = "too-large"
	CodeNotText      = "not-text"
	CodeSyntax       = "syntax"
	CodeTooDeep      = "too-deep"
	CodeTooManyKeys  = "too-many-keys"
	CodeTooMany      = "too-many-values"
	CodeDocuments    = "many-documents"
	CodeEmptyFile    = "empty-file"
	CodeTag          = "tag"
	CodeMergeKey     = "merge-key"
	CodeDuplicateKey = "duplicate-key"
	CodeKeyType      = "key-type"
	CodeNumber       = "number-form"
	CodeAliasLoop    = "alias-loop"
	CodeCutComment   = "cut-by-comment"
	CodeUnknownKey   = "unknown-key"
	CodeMissingKey   = "missing-key"
	CodeWrongType    = "wrong-type"
	CodeUnknownWord  = "unknown-word"
)

// Codes explains the codes of this package, in the order of the documentation.
func Codes() []diag.Code {
	return []diag.Code{
		{Name: CodeTooLarge, Meaning: "The file is larger than 1 MiB."},
		{Name: CodeNotText, Meaning: "The file is not UTF-8 text."},
		{Name: CodeEmptyFile, Meaning: "The file holds no value, at most comments."},
		{Name: CodeSyntax, Meaning: "The file is not valid YAML."},
		{Name: CodeDocuments, Meaning: "The file holds more than one YAML document."},
		{Name: CodeTooDeep, Meaning: "Values are nested more than 50 levels deep."},
		{Name: CodeTooManyKeys, Meaning: "One mapping has more than 2,000 keys."},
		{Name: CodeTooMany, Meaning: "The file has more than 100,000 values once its aliases are replaced by what they stand for."},
		{Name: CodeAliasLoop, Meaning: "An alias stands inside the value that it refers to."},
		{Name: CodeTag, Meaning: "A value has a tag such as !!str; tags are not used here."},
		{Name: CodeMergeKey, Meaning: "The merge key << is not supported."},
		{Name: CodeDuplicateKey, Meaning: "A mapping has the same key twice."},
		{Name: CodeKeyType, Meaning: "A key of a mapping is not text."},
		{Name: CodeNumber, Meaning: "An unquoted value is read as a number, but not as the number it looks like."},
		{Name: CodeCutComment, Meaning: "An unquoted expression is followed by # and would silently end there."},
		{Name: CodeUnknownKey, Meaning: "A mapping has a key that means nothing here."},
		{Name: CodeMissingKey, Meaning: "A mapping lacks a key that it must have."},
		{Name: CodeWrongType, Meaning: "A value has another type than the one that belongs here."},
		{Name: CodeUnknownWord, Meaning: "A word is not one of those that are allowed here."},
	}
}
