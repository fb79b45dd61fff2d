//go:build wasip1

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"reflect"
	"regexp"
	"strconv"
	"strings"
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

// Some messages quote the value that was wrong, however long it is.
const messageBytesMax = 1_000

// notParsed marks what is wrong with a template itself, whatever the data.
type notParsed struct{ error }

func (n notParsed) Unwrap() error { return n.error }

func faultOf(err error) *Fault {
	fault := &Fault{Kind: "render", Message: err.Error()}
	var bad notParsed
	var badHTML *template.Error
	switch {
	case errors.Is(err, errOutputTooLong):
		fault.Kind = "output"
	case errors.As(err, &bad), errors.As(err, &badHTML):
		fault.Kind = "parse"
	}
	if parts := placed.FindStringSubmatch(fault.Message); parts != nil {
		fault.Name = parts[1]
		fault.Line, _ = strconv.Atoi(parts[2])
		fault.Message = parts[3]
	}
	if len(fault.Message) > messageBytesMax {
		fault.Message = strings.ToValidUTF8(fault.Message[:messageBytesMax], "") + "..."
	}
	return fault
}

// dataComplaint names the field that is not of its documented form, where the decoder knows it.
func dataComplaint(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	expected := map[reflect.Kind]string{
		reflect.Map: "an object of strings", reflect.Slice: "an array",
		reflect.String: "a string", reflect.Struct: "an object",
	}[wrong.Type.Kind()]
	field := wrong.Field
	if field == "" {
		return fmt.Sprintf("got %s, expected %s", wrong.Value, expected)
	}
	return fmt.Sprintf("%s: got %s, expected %s", field, wrong.Value, expected)
}
