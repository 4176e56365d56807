"""One module a form of data: the files it reads (``FORMS``), and samples made of them."""
