//go:build wasip1

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"path"
	"strings"
	"text/template"
)

// File is one template file. Name may be a path; templates know the file by its last part.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
	// Root files are parsed without a name of their own: only what they define counts.
	Root bool `json:"root"`
}

// Library holds the loaded templates, each as text and as HTML. Neither tree is ever executed
// itself: a render works on a clone, so that what one text defines does not reach the next one.
type Library struct {
	text *template.Template
	html *htmltemplate.Template
}

func load(files []File) (*Library, *Fault) {
	made := &Library{
		text: template.New("").Option("missingkey=zero").Funcs(functions),
		html: htmltemplate.New("").Option("missingkey=zero").Funcs(functions),
	}
	for _, file := range files {
		if err := made.add(file); err != nil {
			fault := faultOf(notParsed{err})
			fault.Name = file.Name
			return nil, fault
		}
	}
	return made, nil
}

func (l *Library) add(file File) error {
	if file.Root {
		if _, err := l.text.Parse(file.Text); err != nil {
			return err
		}
		_, err := l.html.Parse(file.Text)
		return err
	}
	name := path.Base(strings.ReplaceAll(file.Name, `\`, "/"))
	if _, err := l.text.New(name).Parse(file.Text); err != nil {
		return err
	}
	_, err := l.html.New(name).Parse(file.Text)
	return err
}

func (l *Library) render(asked request) (string, *Fault) {
	var data Data
	if err := json.Unmarshal(asked.Data, &data); err != nil {
		return "", &Fault{Kind: "data", Message: "data: " + dataComplaint(err)}
	}
	execute := l.executeText
	if asked.Mode == "html" {
		execute = l.executeHTML
	}
	sink := &limitedWriter{bytesMax: asked.OutputBytesMax}
	labels := &routeLabels{execute: execute, data: &data, bytesMax: asked.OutputBytesMax}
	if err := execute(sink, asked.Text, &data, labels); err != nil {
		return "", faultOf(err)
	}
	return sink.text.String(), nil
}

type executor func(into io.Writer, text string, data *Data, labels *routeLabels) error

func (l *Library) executeText(into io.Writer, text string, data *Data, labels *routeLabels) error {
	clone, err := l.text.Clone()
	if err != nil {
		return err
	}
	own := template.FuncMap{"routeLabels": labels.value}
	parsed, err := clone.New("").Option("missingkey=zero").Funcs(own).Parse(text)
	if err != nil {
		return notParsed{err}
	}
	return parsed.Execute(into, data)
}

func (l *Library) executeHTML(into io.Writer, text string, data *Data, labels *routeLabels) error {
	clone, err := l.html.Clone()
	if err != nil {
		return err
	}
	own := htmltemplate.FuncMap{"routeLabels": labels.value}
	parsed, err := clone.New("").Option("missingkey=zero").Funcs(own).Parse(text)
	if err != nil {
		return notParsed{err}
	}
	return parsed.Execute(into, data)
}

// routeLabels gives a route's labels, whose values may be templates that name further labels.
// Each is rendered once per request; one that needs itself is an error.
type routeLabels struct {
	execute  executor
	data     *Data
	bytesMax int
	rendered map[string]string
	underWay []string
}

func (r *routeLabels) value(name string) (string, error) {
	if done, found := r.rendered[name]; found {
		return done, nil
	}
	raw, found := r.data.RouteLabels[name]
	if !found {
		return "", nil
	}
	for _, other := range r.underWay {
		if other == name {
			circle := strings.Join(append(r.underWay, name), " -> ")
			return "", fmt.Errorf("route labels need each other: %s", circle)
		}
	}
	r.underWay = append(r.underWay, name)
	sink := &limitedWriter{bytesMax: r.bytesMax}
	err := r.execute(sink, raw, r.data, r)
	r.underWay = r.underWay[:len(r.underWay)-1]
	if err != nil {
		return "", err
	}
	if r.rendered == nil {
		r.rendered = map[string]string{}
	}
	r.rendered[name] = sink.text.String()
	return r.rendered[name], nil
}

var errOutputTooLong = errors.New("the output is longer than allowed")

// limitedWriter refuses the write that would make its text longer than bytesMax.
type limitedWriter struct {
	text     strings.Builder
	bytesMax int
}

func (w *limitedWriter) Write(part []byte) (int, error) {
	if w.text.Len()+len(part) > w.bytesMax {
		return 0, errOutputTooLong
	}
	return w.text.Write(part)
}
