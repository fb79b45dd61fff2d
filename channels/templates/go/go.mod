module tocsin/templates

go 1.26.8
