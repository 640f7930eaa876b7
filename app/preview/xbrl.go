package preview

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The name spaces of XBRL 2.1.
const (
	xbrlInstance = "http://www.xbrl.org/2003/instance"
	xbrlLinkbase = "http://www.xbrl.org/2003/linkbase"
	maxPeriods   = 6
)

// xbrlContext is the when and the of-what of facts (XBRL 2.1 §4.7).
type xbrlContext struct {
	id, entity string
	// day is the one at which it ends: balance sheet and profit and loss account of a year then stand in a column.
	day string
	// part says which part of the whole it is about, by the members of its dimensions; empty for the whole.
	part string
}

// xbrl is an instance being laid out.
type xbrl struct {
	contexts map[string]*xbrlContext
	order    []*xbrlContext
	units    map[string]string
	periods  []string
	company  Section // what is said in a few words: name, seat, legal form
	facts    Section // figures
	notes    Section // texts
	rows     map[string]int
	cut      bool
}

// readXBRL lays the facts of an instance out in their order: words about the company, figures with a concept a row and a
// period a column, and the texts of the notes. The names are those of the concepts: their labels are in the taxonomy,
// which is not in the file.
func readXBRL(src []byte) (out []Section, cut, ok bool) {
	root := readTree(src)
	if root == nil {
		return nil, false, false
	}
	x := &xbrl{
		contexts: map[string]*xbrlContext{}, units: map[string]string{}, rows: map[string]int{},
		company: Section{Code: "company", Columns: columns("concept", "text")},
		facts:   Section{Code: "facts", Columns: columns("concept")},
		notes:   Section{Code: "notes", Columns: columns("concept", "text")},
	}
	head := Section{Code: "balance"}
	var taxonomies []string
	for _, k := range root.kids {
		switch {
		case k.name.Space == xbrlInstance && k.name.Local == "context":
			x.context(k)
		case k.name.Space == xbrlInstance && k.name.Local == "unit":
			x.units[k.attr("id")] = measure(k)
		case k.name.Space == xbrlLinkbase && k.name.Local == "schemaRef":
			taxonomies = append(taxonomies, k.attr("href"))
		}
	}
	if len(x.contexts) == 0 {
		return nil, false, false
	}
	x.columns()
	head.add("entity", x.entity())
	if len(x.periods) > 0 {
		head.value("closing", Value{Text: x.periods[0], Is: Day})
	}
	for _, s := range taxonomies[:min(len(taxonomies), 3)] {
		head.add("taxonomy", s)
	}
	for _, k := range root.kids {
		if k.name.Space != xbrlInstance && k.name.Space != xbrlLinkbase {
			x.fact(k, "")
		}
	}
	if len(x.facts.Rows)+len(x.company.Rows)+len(x.notes.Rows) == 0 {
		return nil, false, false
	}
	return filled([]Section{head, x.company, x.facts, x.notes}), x.cut, true
}

func (x *xbrl) context(k *element) {
	c := &xbrlContext{id: k.attr("id"), entity: k.at("entity", "identifier").take()}
	c.day = k.at("period").take("instant") + k.at("period").take("endDate")
	if len(c.day) > 10 {
		c.day = c.day[:10]
	}
	var parts []string
	for _, where := range []*element{k.at("entity", "segment"), k.at("scenario")} {
		where.rest(nil, func(_ []string, text string) {
			if _, name, ok := strings.Cut(text, ":"); ok {
				text = spaced(name)
			}
			parts = append(parts, text)
		})
		if where != nil && len(parts) == 0 {
			parts = append(parts, c.id)
		}
	}
	c.part = strings.Join(parts, ", ")
	if x.contexts[c.id] == nil {
		x.contexts[c.id] = c
		x.order = append(x.order, c)
	}
}

// measure is the short name of a unit.
func measure(k *element) string {
	m := k.take("measure")
	if m == "" {
		return k.attr("id")
	}
	if _, name, ok := strings.Cut(m, ":"); ok {
		return name
	}
	return m
}

// columns are the periods, the last first.
func (x *xbrl) columns() {
	for _, c := range x.order {
		if c.day != "" && !slices.Contains(x.periods, c.day) {
			x.periods = append(x.periods, c.day)
		}
	}
	slices.Sort(x.periods)
	slices.Reverse(x.periods)
	if len(x.periods) > maxPeriods {
		x.periods, x.cut = x.periods[:maxPeriods], true
	}
	for _, p := range x.periods {
		x.facts.Columns = append(x.facts.Columns, Value{Text: p, Is: Day})
	}
}

func (x *xbrl) entity() string {
	var ids []string
	for _, c := range x.order {
		if c.entity != "" && !slices.Contains(ids, c.entity) && len(ids) < 4 {
			ids = append(ids, c.entity)
		}
	}
	return strings.Join(ids, ", ")
}

// fact lays out a fact, or those of a tuple (XBRL 2.1 §4.9), which says the same things of several subjects in turn.
func (x *xbrl) fact(k *element, tuple string) {
	c := x.contexts[k.attr("contextRef")]
	name := spaced(k.name.Local)
	switch {
	case k.attr("contextRef") == "":
		if len(k.kids) > 0 {
			x.tuple(k, name, tuple)
		}
	case c == nil:
		x.cut = true // it is of no period: the text has it
	case k.attr("unitRef") != "":
		x.figure(k, name, c, tuple)
	default:
		x.words(k, name, c)
	}
}

func (x *xbrl) tuple(k *element, name, outer string) {
	before := len(x.facts.Rows)
	x.facts.row(append([]Value{{Text: name}}, make([]Value, len(x.periods))...)...)
	key := outer + " " + name + " " + strconv.Itoa(before)
	for _, kid := range k.kids {
		x.fact(kid, key)
	}
	if len(x.facts.Rows) == before+1 { // no figure in it
		x.facts.Rows = x.facts.Rows[:before]
	}
}

// figure puts a number into the column of its period. Two figures of a concept and a day are of different lengths of
// time, and stand in two rows.
func (x *xbrl) figure(k *element, name string, c *xbrlContext, tuple string) {
	col := slices.Index(x.periods, c.day)
	if col < 0 || k.text == "" {
		return
	}
	v := Value{Text: k.text, Is: Amount}
	if u := x.units[k.attr("unitRef")]; u != "EUR" && u != "pure" {
		v.Unit = u
	}
	if c.part != "" {
		name += " (" + c.part + ")"
	}
	key := tuple + " " + name
	i, ok := x.rows[key]
	if ok && x.facts.Rows[i][1+col].Text != "" {
		if x.facts.Rows[i][1+col] == clean(v) {
			return
		}
		key += " " + c.id
		i, ok = x.rows[key]
	}
	if !ok {
		i = len(x.facts.Rows)
		x.facts.row(append([]Value{{Text: name}}, make([]Value, len(x.periods))...)...)
		if i == len(x.facts.Rows) {
			return
		}
		x.rows[key] = i
	}
	x.facts.Rows[i][1+col] = clean(v)
}

// maxShort is how long a text is that stands among the data of the company; longer ones are notes.
const maxShort = 200

// words lays out a text, a paragraph a row. Those of the notes are HTML within the XML.
func (x *xbrl) words(k *element, name string, c *xbrlContext) {
	text := k.text
	for _, kid := range k.kids { // text blocks of other taxonomies hold elements
		kid.rest(nil, func(_ []string, t string) { text += "\n" + t })
	}
	paragraphs := plainText(text)
	if len(x.periods) > 0 && c.day != x.periods[0] {
		name += " (" + c.day + ")"
	}
	to := &x.company
	if len(paragraphs) > 1 || len(text) > maxShort {
		to = &x.notes
	}
	for i, p := range paragraphs {
		if i > 0 {
			name = ""
		}
		to.row(Value{Text: name}, Value{Text: p})
	}
}

// plainText are the paragraphs of a text that may be HTML. Rows of tables are a line each.
func plainText(s string) []string {
	var b strings.Builder
	if !strings.Contains(s, "</") && !strings.Contains(s, "/>") {
		b.WriteString(s)
	} else {
		d := xml.NewDecoder(strings.NewReader(s))
		d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		hidden := 0
		for {
			t, err := d.RawToken()
			if err != nil {
				b.WriteString(s[min(int(d.InputOffset()), len(s)):]) // what cannot be read is shown as it stands
				break
			}
			switch t := t.(type) {
			case xml.CharData:
				if hidden == 0 {
					b.WriteString(strings.Join(strings.FieldsFunc(string(t), unicode.IsSpace), " "))
					b.WriteByte(' ')
				}
			case xml.StartElement:
				hidden += programs(t.Name)
				b.WriteString(parting(t.Name))
			case xml.EndElement:
				hidden = max(0, hidden-programs(t.Name))
				b.WriteString(strings.TrimRight(parting(t.Name), " ·"))
			}
		}
	}
	var out []string
	for line := range strings.Lines(b.String()) {
		line = strings.Trim(strings.Join(strings.Fields(line), " "), "· ")
		if line != "" {
			out = append(out, line)
		}
	}
	return out
}

// programs is 1 for the elements of HTML whose text nobody reads.
func programs(n xml.Name) int {
	switch strings.ToLower(n.Local) {
	case "script", "style":
		return 1
	}
	return 0
}

// parting is what stands between an element of HTML and what is beside it.
func parting(n xml.Name) string {
	switch strings.ToLower(n.Local) {
	case "p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol":
		return "\n"
	case "td", "th":
		return " · "
	}
	return ""
}

func attr(t xml.StartElement, local string) string {
	for _, a := range t.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
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
