package yamledit

// A Splice puts New in place of the bytes Start to End, half open, of the
// file as it was read.
type Splice struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	New   string `json:"new"`
}

// pieces is a text as parts of the original and texts put between them, so that
// edits made one after the other come out as splices of the original.
type pieces struct {
	src  []byte
	list []piece
}

// A piece is src[start:end], or text where it is inserted.
type piece struct {
	start, end int
	text       string
}

func newPieces(src []byte) *pieces {
	return &pieces{src: src, list: []piece{{start: 0, end: len(src)}}}
}

func (p piece) size() int {
	if p.text != "" {
		return len(p.text)
	}
	return p.end - p.start
}

// cut is the part of a piece from a to b, counted from its start.
func (p piece) cut(a, b int) piece {
	if p.text != "" {
		return piece{text: p.text[a:b]}
	}
	return piece{start: p.start + a, end: p.start + b}
}

// splice changes the text as it is now.
func (p *pieces) splice(s Splice) {
	var out []piece
	keep := func(part piece) {
		if part.size() > 0 {
			out = append(out, part)
		}
	}
	at, inserted := 0, false
	for _, part := range p.list {
		size := part.size()
		from, to := min(max(s.Start-at, 0), size), min(max(s.End-at, 0), size)
		keep(part.cut(0, from))
		if !inserted && at+size >= s.Start {
			keep(piece{text: s.New})
			inserted = true
		}
		keep(part.cut(max(from, to), size))
		at += size
	}
	if !inserted {
		keep(piece{text: s.New})
	}
	p.list = out
}

// bytes is the text as it is now.
func (p *pieces) bytes() []byte {
	var out []byte
	for _, part := range p.list {
		if part.text != "" {
			out = append(out, part.text...)
		} else {
			out = append(out, p.src[part.start:part.end]...)
		}
	}
	return out
}

// splices is what differs from the original, in order.
func (p *pieces) splices() []Splice {
	var out []Splice
	at, text := 0, ""
	flush := func(next int) {
		if next > at || text != "" {
			out = append(out, Splice{Start: at, End: next, New: text})
		}
		text = ""
	}
	for _, part := range p.list {
		if part.text != "" {
			text += part.text
			continue
		}
		flush(part.start)
		at = part.end
	}
	flush(len(p.src))
	return out
}
