"""What a file's rows mean, decided without reading a byte."""
