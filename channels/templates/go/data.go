//go:build wasip1

package main

import (
	"sort"
	"strings"
	"time"
)

// Data is what a template sees as its dot. The names of the fields and methods of the types in
// this file, and their JSON forms, are those that users' templates are written for.
type Data struct {
	Receiver           string `json:"receiver"`
	Status             string `json:"status"` // firing | resolved
	Alerts             Alerts `json:"alerts"`
	NotificationReason string `json:"notification_reason"`
	GroupLabels        KV     `json:"groupLabels"`
	CommonLabels       KV     `json:"commonLabels"`
	CommonAnnotations  KV     `json:"commonAnnotations"`
	RouteLabels        KV     `json:"routeLabels"`
	ExternalURL        string `json:"externalURL"`
}

type Alert struct {
	Status       string    `json:"status"` // firing | resolved
	Labels       KV        `json:"labels"`
	Annotations  KV        `json:"annotations"`
	StartsAt     time.Time `json:"startsAt"`
	EndsAt       time.Time `json:"endsAt"`
	GeneratorURL string    `json:"generatorURL"`
	Fingerprint  string    `json:"fingerprint"`
}

type Alerts []Alert

func (as Alerts) Firing() []Alert   { return as.withStatus("firing") }
func (as Alerts) Resolved() []Alert { return as.withStatus("resolved") }

func (as Alerts) withStatus(status string) []Alert {
	chosen := []Alert{}
	for _, alert := range as {
		if alert.Status == status {
			chosen = append(chosen, alert)
		}
	}
	return chosen
}

// KV is a set of labels or annotations. What lists it does so by name, "alertname" first.
type KV map[string]string

func (kv KV) SortedPairs() Pairs {
	pairs := make(Pairs, 0, len(kv))
	for name, value := range kv {
		pairs = append(pairs, Pair{Name: name, Value: value})
	}
	sort.Slice(pairs, func(a, b int) bool {
		first, second := pairs[a].Name, pairs[b].Name
		if (first == "alertname") != (second == "alertname") {
			return first == "alertname"
		}
		return first < second
	})
	return pairs
}

func (kv KV) Remove(names []string) KV {
	rest := make(KV, len(kv))
	for name, value := range kv {
		rest[name] = value
	}
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

func (kv KV) Names() Strings  { return kv.SortedPairs().Names() }
func (kv KV) Values() Strings { return kv.SortedPairs().Values() }
func (kv KV) String() string  { return kv.SortedPairs().String() }

type Pair struct {
	Name, Value string
}

type Pairs []Pair

func (ps Pairs) Names() Strings {
	return ps.each(func(pair Pair) string { return pair.Name })
}

func (ps Pairs) Values() Strings {
	return ps.each(func(pair Pair) string { return pair.Value })
}

func (ps Pairs) String() string {
	return ps.each(func(pair Pair) string { return pair.Name + "=" + pair.Value }).Join(", ")
}

func (ps Pairs) each(part func(Pair) string) Strings {
	parts := make(Strings, len(ps))
	for i, pair := range ps {
		parts[i] = part(pair)
	}
	return parts
}

type Strings []string

func (s Strings) Join(separator string) string { return strings.Join(s, separator) }
