"""Tests whether an account, and the Herald in it, can send: by read-only checks (`herald doctor`), and by synthetic
events published to the real topic (`herald smoke`)."""
