package app

import (
	"context"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// Chooser is an [Asker] that can put a question with more than two answers.
type Chooser interface {
	// Choose returns the index of the answer in q.Answers. [ErrRefused] means that the person closed the question.
	Choose(ctx context.Context, q Choice) (int, error)
}

// Choice is a question with several answers, the first of which is the one to recommend.
type Choice struct {
	Title, Body lang.Msg
	Note        lang.Msg // what nobody need worry about; empty Key for none
	Tried       lang.Msg // what came of the first answer, given just before; empty Key when it was not
	Answers     []lang.Msg
	Severity    Severity
}

// choose asks by ask. One that can only be asked yes or no is offered the first two answers.
func choose(ctx context.Context, ask Asker, q Choice) (int, error) {
	if c, ok := ask.(Chooser); ok {
		return c.Choose(ctx, q)
	}
	yes, err := ask.Confirm(ctx, Question{Title: q.Title, Body: q.Body, Yes: q.Answers[0], No: q.Answers[1], Severity: q.Severity})
	if err != nil || yes {
		return 0, err
	}
	return 1, nil
}

// The answers to the question what to do about a time-stamp that failed. The second and the third hold for the rest
// of the job, and keep the signature.
const (
	StampAgain = iota
	StampWithout
	StampStop
)

// stampChoice is what is asked when an authority gave no good time-stamp; tried is when it was asked again in vain on
// the person's word, and zero before that.
func stampChoice(e *signer.TimeStampError, tried time.Time) Choice {
	a := Explain(e)
	q := Choice{
		Title: a.Title, Body: a.Body, Note: lang.M("stamp.made"), Severity: SeverityWarning,
		Answers: []lang.Msg{lang.M("stamp.again"), lang.M("stamp.without"), lang.M("stamp.stop")},
	}
	if !tried.IsZero() {
		key := "stamp.tried"
		if a.Code == "stamp-unreachable" {
			key = "stamp.tried.silent"
		}
		q.Tried = lang.M(key, "time", tried.In(lang.Rome()).Format("15:04:05"))
	}
	return q
}
