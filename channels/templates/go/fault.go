//go:build wasip1

package main

import (
	"errors"
	"regexp"
	"strconv"
)

// Fault is what the host makes an error of. Name and Line tell where: a file or a defined
// template, empty for the rendered text itself; 0 where the engine does not say.
type Fault struct {
	Kind    string `json:"kind"` // parse | render | data | output | request
	Name    string `json:"name"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// Both engines begin their messages with the place: "template: NAME:LINE:COLUMN: what".
var placed = regexp.MustCompile(`(?s)^(?:html/)?template: ?(.*?):(\d+)(?::\d+)?: (.*)$`)

func faultOf(kind string, err error) *Fault {
	if errors.Is(err, errOutputTooLong) {
		kind = "output"
	}
	fault := &Fault{Kind: kind, Message: err.Error()}
	if parts := placed.FindStringSubmatch(fault.Message); parts != nil {
		fault.Name = parts[1]
		fault.Line, _ = strconv.Atoi(parts[2])
		fault.Message = parts[3]
	}
	return fault
}
