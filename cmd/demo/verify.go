package main

import "io"

func (p *play) verify(w io.Writer) error { return nil }
