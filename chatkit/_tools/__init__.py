"""What may be run: tools, their schemas and the toolbox."""
