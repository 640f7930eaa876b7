package pdf

import "bytes"

// objStm is a decoded object stream (ISO 32000-1 §7.5.7).
type objStm struct {
	src   *source
	nums  []int
	offs  []int64
	first int64
}

func (f *file) objStm(num int) *objStm {
	if o, ok := f.objStms[num]; ok {
		return o
	}
	e := f.entries[num]
	if e.kind != 'n' { // an object stream lies in no other
		return nil
	}
	st, ok := f.load(num).obj.(*stream)
	if !ok {
		return nil
	}
	n, ok1 := f.int(st.dict["N"])
	first, ok2 := f.int(st.dict["First"])
	if !ok1 || !ok2 || n < 0 || n > maxItems || first < 0 {
		return nil
	}
	b, err := f.decode(st)
	if err != nil {
		f.note("object-stream-damaged")
		return nil
	}
	o := &objStm{src: newSource(bytes.NewReader(b), int64(len(b))), first: first}
	l := &lexer{s: o.src}
	for range n {
		num, ok1 := l.token().(int64)
		off, ok2 := l.token().(int64)
		if !ok1 || !ok2 || num < 0 || num > maxObjNum {
			break
		}
		o.nums = append(o.nums, int(num))
		o.offs = append(o.offs, off)
	}
	if f.objStmSize += int64(len(b)); f.objStmSize > maxObjStmCache {
		clear(f.objStms)
		f.objStmSize = int64(len(b))
	}
	f.objStms[num] = o
	return o
}

func (f *file) fromObjStm(num, index, want int) object {
	o := f.objStm(num)
	if o == nil {
		return nil
	}
	if index >= len(o.nums) || o.nums[index] != want {
		index = -1
		for i, n := range o.nums {
			if n == want {
				index = i
			}
		}
		if index < 0 {
			return nil
		}
	}
	l := &lexer{s: o.src, pos: o.first + o.offs[index]}
	v := l.object(0)
	if _, ok := v.(keyword); ok || l.err != nil {
		return nil
	}
	return v
}
