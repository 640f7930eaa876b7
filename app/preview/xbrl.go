package preview

import (
	"encoding/xml"
	"slices"
	"strings"
	"unicode"
)

// The name spaces of XBRL 2.1.
const (
	xbrlInstance   = "http://www.xbrl.org/2003/instance"
	xbrlLinkbase   = "http://www.xbrl.org/2003/linkbase"
	maxPeriods     = 4
	maxXBRLContext = 10000
)

type xbrlContext struct {
	ID     string `xml:"id,attr"`
	Entity struct {
		Identifier string    `xml:"identifier"`
		Segment    *struct{} `xml:"segment"`
	} `xml:"entity"`
	Period struct {
		Instant string `xml:"instant"`
		End     string `xml:"endDate"`
	} `xml:"period"`
	Scenario *struct{} `xml:"scenario"`
}

// day is the day at which the context ends: balance sheet and profit and loss account of a year then stand in a column.
func (c *xbrlContext) day() string {
	d := strings.TrimSpace(c.Period.Instant + c.Period.End)
	if len(d) > 10 {
		d = d[:10]
	}
	return d
}

// xbrlFact is a value of a concept in a context.
type xbrlFact struct {
	name, context, unit, value string
}

// xbrl is an instance being read.
type xbrl struct {
	contexts map[string]*xbrlContext
	units    map[string]string
	facts    []xbrlFact
	schemas  []string
}

// readXBRL lays the facts of an instance out, a concept a row and a period a column. Facts with dimensions are counted
// with the others only in a row of their own: which part they are of, the taxonomy would tell.
func readXBRL(src []byte) ([]Section, bool) {
	x := &xbrl{contexts: map[string]*xbrlContext{}, units: map[string]string{}}
	if !x.read(src) || len(x.facts) == 0 {
		return nil, false
	}
	head := Section{Code: "balance"}
	days := map[string]bool{}
	for _, c := range x.contexts {
		days[c.day()] = true
	}
	delete(days, "")
	periods := make([]string, 0, len(days))
	for d := range days {
		periods = append(periods, d)
	}
	slices.Sort(periods)
	slices.Reverse(periods)
	periods = periods[:min(len(periods), maxPeriods)]
	head.add("entity", x.entity())
	if len(periods) > 0 {
		head.value("closing", Value{Text: periods[0], Is: Day})
	}
	for _, s := range x.schemas {
		head.add("taxonomy", s)
	}
	return append(filled([]Section{head}), x.table(periods)), true
}

func (x *xbrl) entity() string {
	ids := make([]string, 0, 1)
	for _, c := range x.contexts {
		if id := strings.TrimSpace(c.Entity.Identifier); id != "" && !slices.Contains(ids, id) && len(ids) < 4 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, ", ")
}

// read goes through the children of the root.
func (x *xbrl) read(src []byte) bool {
	d := newDecoder(src)
	depth := 0
	for {
		t, err := d.Token()
		if err != nil {
			return depth == 0 && len(x.contexts) > 0
		}
		switch t := t.(type) {
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth == 0 {
				depth++
				continue
			}
			if err := x.child(d, t); err != nil {
				return false
			}
		}
	}
}

func (x *xbrl) child(d *xml.Decoder, t xml.StartElement) error {
	switch {
	case t.Name.Space == xbrlInstance && t.Name.Local == "context":
		c := &xbrlContext{}
		if err := d.DecodeElement(c, &t); err != nil {
			return err
		}
		if len(x.contexts) < maxXBRLContext {
			x.contexts[c.ID] = c
		}
		return nil
	case t.Name.Space == xbrlInstance && t.Name.Local == "unit":
		u := struct {
			ID      string `xml:"id,attr"`
			Measure string `xml:"measure"`
		}{}
		if err := d.DecodeElement(&u, &t); err != nil {
			return err
		}
		_, name, ok := strings.Cut(u.Measure, ":")
		if !ok {
			name = u.Measure
		}
		x.units[u.ID] = strings.TrimSpace(name)
		return nil
	case t.Name.Space == xbrlLinkbase:
		if a := attr(t, "href"); t.Name.Local == "schemaRef" && len(x.schemas) < 3 {
			x.schemas = append(x.schemas, a)
		}
		return d.Skip()
	}
	ref := attr(t, "contextRef")
	if ref == "" {
		return d.Skip()
	}
	var text struct {
		Value string `xml:",chardata"`
	}
	if err := d.DecodeElement(&text, &t); err != nil {
		return err
	}
	if len(x.facts) < 4*maxRows {
		x.facts = append(x.facts, xbrlFact{t.Name.Local, ref, attr(t, "unitRef"), strings.TrimSpace(text.Value)})
	}
	return nil
}

func attr(t xml.StartElement, local string) string {
	for _, a := range t.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// table is the facts in the order in which their concepts first occur.
func (x *xbrl) table(periods []string) Section {
	s := Section{Code: "facts", Columns: []Value{{Code: "concept"}}}
	for _, p := range periods {
		s.Columns = append(s.Columns, Value{Text: p, Is: Day})
	}
	rows := map[string]int{}
	for _, f := range x.facts {
		c := x.contexts[f.context]
		if c == nil {
			continue
		}
		col := slices.Index(periods, c.day())
		if col < 0 || f.value == "" {
			continue
		}
		key := f.name
		if c.Scenario != nil || c.Entity.Segment != nil {
			key += " " + c.ID
		}
		i, ok := rows[key]
		if !ok {
			if len(s.Rows) >= maxRows {
				break
			}
			i = len(s.Rows)
			rows[key] = i
			s.row(append([]Value{{Text: spaced(f.name)}}, make([]Value, len(periods))...)...)
		}
		v := Value{Text: f.value}
		if f.unit != "" {
			v.Is = Amount
			if u := x.units[f.unit]; u != "EUR" && u != "pure" && u != "" {
				v.Text, v.Is = f.value+" "+u, Plain
			}
		}
		s.Rows[i][1+col] = clean(v)
	}
	return s
}

// spaced parts the words of a concept's name: the Italian taxonomy writes them with capitals and nothing between.
func spaced(name string) string {
	var b strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		up := unicode.IsUpper(r)
		if up && i > 0 && !unicode.IsUpper(rs[i-1]) {
			b.WriteByte(' ')
			if i+1 >= len(rs) || !unicode.IsUpper(rs[i+1]) {
				r = unicode.ToLower(r)
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
