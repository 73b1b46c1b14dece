"""What is sent along: images, documents and sound, read, checked and made small enough."""
