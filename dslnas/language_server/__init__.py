"""The language server: `dslnas.editor` over the Language Server Protocol, by pygls."""
