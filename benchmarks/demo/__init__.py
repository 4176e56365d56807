"""The demo: the shipped faces and lines, read from the picture to the reply and its reasons."""
