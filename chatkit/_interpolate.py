"""Prompt templates: {{name}} replaced by values, without evaluating code."""
