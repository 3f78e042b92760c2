"""How likely a case is fraud: by weights, later by what reviewers decided."""
