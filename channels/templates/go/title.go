//go:build wasip1

package main

import (
	"strings"
	"unicode"
)

// title gives each word a capital and makes its other letters small. Words end where Unicode's
// rules for words end them: "can't", "node.js" and "high_latency" are one word, "a-b" is two.
func title(text string) string {
	var made strings.Builder
	inWord, afterMid := false, false
	for _, char := range text {
		mid := isMidWord(char)
		if afterMid && mid {
			inWord = false
		}
		switch {
		case isCased(char) && inWord:
			made.WriteRune(unicode.ToLower(char))
		case isCased(char):
			made.WriteRune(unicode.ToTitle(char))
			inWord = true
		default:
			made.WriteRune(char)
			if endsWord(char) {
				inWord = false
			}
		}
		afterMid = mid
	}
	return made.String()
}

func isCased(char rune) bool {
	return unicode.IsUpper(char) || unicode.IsLower(char) || unicode.IsTitle(char)
}

// isMidWord: marks that join two parts of a word, but only one at a time.
func isMidWord(char rune) bool {
	return strings.ContainsRune("'.:\u00b7\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a", char)
}

func endsWord(char rune) bool {
	return !isMidWord(char) && !unicode.IsLetter(char) && !unicode.IsDigit(char) &&
		!unicode.IsMark(char) && !unicode.Is(unicode.Pc, char) && !unicode.Is(unicode.Cf, char)
}
