//go:build wasip1

// The template engine of Tocsin: Go's own text/template and html/template as a WebAssembly
// reactor, so that users' notification templates render as they always did.
//
// The host writes a JSON request to the memory that Input returns, calls Perform, and reads the
// JSON answer of that many bytes at Output. One request at a time; nothing is kept between two
// requests but the loaded templates. The module imports no file system, environment or network.
package main

import (
	"encoding/json"
	"runtime/debug"
	_ "time/tzdata" // The sandbox has no /usr/share/zoneinfo.
	"unsafe"
)

// The linear memory ends at 256 MiB, which ends the module; below it the collector works harder.
const heapBytesSoftMax = 192 << 20

var (
	input   []byte
	output  []byte
	library *Library
)

type request struct {
	Op string `json:"op"` // load | render
	// Files are parsed in order, later definitions of a name replace earlier ones.
	Files []File `json:"files"`
	// Mode, Text, Data and OutputBytesMax belong to render.
	Mode           string          `json:"mode"` // text | html
	Text           string          `json:"text"`
	Data           json.RawMessage `json:"data"`
	OutputBytesMax int             `json:"outputBytesMax"`
}

type answer struct {
	Output *string `json:"output,omitempty"`
	Error  *Fault  `json:"error,omitempty"`
}

// main is not run in a reactor; the toolchain wants it to exist.
func main() {}

func init() {
	debug.SetMemoryLimit(heapBytesSoftMax)
}

//go:wasmexport input
func Input(size int32) unsafe.Pointer {
	input = make([]byte, size)
	return unsafe.Pointer(unsafe.SliceData(input))
}

//go:wasmexport perform
func Perform() int32 {
	text, fault := answerTo(input)
	input = nil
	reply := answer{Error: fault}
	if fault == nil {
		reply.Output = &text
	}
	encoded, err := json.Marshal(reply)
	if err != nil {
		panic(err) // Strings always have a JSON form.
	}
	output = encoded
	return int32(len(output))
}

//go:wasmexport output
func Output() unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(output))
}

func answerTo(raw []byte) (string, *Fault) {
	var asked request
	if err := json.Unmarshal(raw, &asked); err != nil {
		return "", &Fault{Kind: "request", Message: err.Error()}
	}
	switch asked.Op {
	case "load":
		loaded, fault := load(asked.Files)
		if fault == nil {
			library = loaded
		}
		return "", fault
	case "render":
		if library == nil {
			return "", &Fault{Kind: "request", Message: "render before load"}
		}
		return library.render(asked)
	}
	return "", &Fault{Kind: "request", Message: "unknown op " + asked.Op}
}
