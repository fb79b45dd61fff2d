//go:build wasip1

package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// functions are what templates may call beside Go's own, with the order of arguments that makes
// pipelines read well: the value that flows in comes last.
var functions = map[string]any{
	"toUpper":   strings.ToUpper,
	"toLower":   strings.ToLower,
	"title":     title,
	"trimSpace": strings.TrimSpace,
	"join": func(separator string, parts []string) string {
		return strings.Join(parts, separator)
	},
	"match": regexp.MatchString,
	"reReplaceAll": func(pattern, replacement, text string) (string, error) {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return "", err
		}
		return compiled.ReplaceAllString(text, replacement), nil
	},

	"safeHtml":     func(text string) template.HTML { return template.HTML(text) },
	"safeUrl":      func(text string) template.URL { return template.URL(text) },
	"urlUnescape":  url.QueryUnescape,
	"toJson":       toJSON,
	"base64encode": func(text string) string { return base64.URLEncoding.EncodeToString([]byte(text)) },
	"base64decode": func(text string) (string, error) {
		decoded, err := base64.URLEncoding.DecodeString(text)
		return string(decoded), err
	},

	"stringSlice": func(parts ...string) []string { return parts },
	"list":        func(items ...any) []any { return append([]any{}, items...) },
	"append":      func(items []any, more ...any) []any { return append(items, more...) },
	"dict":        dict,

	// Replaced in each render, by one that knows the data.
	"routeLabels": func(string) (string, error) { return "", errors.New("no route here") },

	"now":              time.Now,
	"since":            time.Since,
	"date":             func(layout string, at time.Time) string { return at.Format(layout) },
	"tz":               inZone,
	"humanizeDuration": humanizeDuration,
	"mustToDate":       toDate,
	"toDate": func(layout, text string) time.Time {
		at, err := toDate(layout, text)
		if err != nil {
			return time.Time{}
		}
		return at
	},
}

func toJSON(value any) (string, error) {
	encoded, err := json.Marshal(value)
	return string(encoded), err
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 == 1 {
		return nil, fmt.Errorf("dict: got %d arguments, expected names and values in turn", len(pairs))
	}
	made := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, isText := pairs[i].(string)
		if !isText {
			return nil, fmt.Errorf("dict: got %v as a name, expected a string", pairs[i])
		}
		made[name] = pairs[i+1]
	}
	return made, nil
}

func inZone(name string, at time.Time) (time.Time, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.Time{}, err
	}
	return at.In(zone), nil
}

func toDate(layout, text string) (time.Time, error) {
	return time.ParseInLocation(layout, text, time.UTC)
}

// humanizeDuration shows seconds as days to seconds from a minute on, and below with four
// significant digits and a metric prefix.
func humanizeDuration(value any) (string, error) {
	seconds, err := secondsOf(value)
	if err != nil {
		return "", err
	}
	size := math.Abs(seconds)
	switch {
	case math.IsNaN(seconds) || math.IsInf(seconds, 0):
		return fmt.Sprintf("%.4g", seconds), nil
	case size == 0 || (size >= 1 && size < 60):
		return fmt.Sprintf("%.4gs", seconds), nil
	case size < 1:
		return belowOneSecond(seconds), nil
	}
	whole := int64(size)
	units := []struct {
		letter string
		value  int64
	}{
		{"d", whole / 86_400}, {"h", whole / 3_600 % 24}, {"m", whole / 60 % 60}, {"s", whole % 60},
	}
	var parts []string
	for _, unit := range units {
		if len(parts) > 0 || unit.value > 0 {
			parts = append(parts, strconv.FormatInt(unit.value, 10)+unit.letter)
		}
	}
	sign := ""
	if seconds < 0 {
		sign = "-"
	}
	return sign + strings.Join(parts, " "), nil
}

func belowOneSecond(seconds float64) string {
	prefixes := []string{"m", "u", "n", "p", "f", "a", "z", "y"}
	prefix := ""
	for i := 0; i < len(prefixes) && math.Abs(seconds) < 1; i++ {
		seconds *= 1000
		prefix = prefixes[i]
	}
	return fmt.Sprintf("%.4g%ss", seconds, prefix)
}

func secondsOf(value any) (float64, error) {
	switch given := value.(type) {
	case float64:
		return given, nil
	case int:
		return float64(given), nil
	case int64:
		return float64(given), nil
	case uint:
		return float64(given), nil
	case uint64:
		return float64(given), nil
	case time.Duration:
		return given.Seconds(), nil
	case string:
		return strconv.ParseFloat(given, 64)
	}
	return 0, fmt.Errorf("can't convert %T to float", value)
}
