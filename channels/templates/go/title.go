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
	chars := []rune(text)
	inWord, afterMid := false, false
	for i, char := range chars {
		mid := isMidWord(char)
		if afterMid && mid {
			inWord = false
		}
		switch {
		case isCased(char) && inWord:
			made.WriteString(small(char, i+1 == len(chars) || !isCased(chars[i+1])))
		case isCased(char):
			made.WriteString(capital(char))
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

func small(char rune, isLast bool) string {
	switch {
	case char == 'Σ' && isLast:
		return "ς"
	case char == 'İ':
		return "i\u0307"
	}
	return string(unicode.ToLower(char))
}

// Letters whose capital is more than one character.
var longCapitals = map[rune]string{
	'ß': "Ss", 'ŉ': "\u02bcN", 'ǰ': "J\u030c",
	'ﬀ': "Ff", 'ﬁ': "Fi", 'ﬂ': "Fl", 'ﬃ': "Ffi", 'ﬄ': "Ffl", 'ﬅ': "St", 'ﬆ': "St",
}

func capital(char rune) string {
	if long, found := longCapitals[char]; found {
		return long
	}
	return string(unicode.ToTitle(char))
}

func isCased(char rune) bool {
	return unicode.IsUpper(char) || unicode.IsLower(char) || unicode.IsTitle(char) ||
		unicode.In(char, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

const midWordMarks = "'.:\u00b7\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a"

// isMidWord: marks that join two parts of a word, but only one at a time.
func isMidWord(char rune) bool { return strings.ContainsRune(midWordMarks, char) }

// In these scripts words are not written apart.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

var wordParts = []*unicode.RangeTable{
	unicode.L, unicode.Nd, unicode.M, unicode.Pc, unicode.Cf, unicode.Other_Lowercase,
}

const zeroWidthSpace = '\u200b'

func endsWord(char rune) bool {
	return char == zeroWidthSpace || unicode.In(char, unspaced...) ||
		!isMidWord(char) && !unicode.In(char, wordParts...)
}
