"""What a value has to look like: JSON schemas, ellmer's types, and answers of a type."""
