"""The language server: what `volfix` says and does, while a person types. Needs `volfix[lsp]`."""
