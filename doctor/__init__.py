"""Whether an account, and the Herald in it, can send: checks that only read (`herald doctor`), and synthetic events
through the real topic (`herald smoke`)."""
