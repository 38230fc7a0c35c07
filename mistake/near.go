package mistake

import (
	"strings"
	"unicode"
)

// Near returns the known word that was probably meant, or "". It compares letters and
// digits only, without their case. A word is near if it is a part of the known word, as
// Default is of RuntimeDefault, or if at most about a quarter of the letters differ.
func Near(word string, known ...string) string {
	folded := fold(word)
	if len(folded) < shortestWord {
		return ""
	}
	nearest, least := "", len(folded)
	for _, k := range known {
		candidate := fold(k)
		far := distance(folded, candidate)
		if len(folded) >= shortestPart && strings.Contains(candidate, folded) {
			far = min(far, 1)
		}
		if far < least && far <= (len(candidate)+2)/4 {
			nearest, least = k, far
		}
	}
	return nearest
}

const (
	shortestWord = 2 // letters; a single letter is near to every word
	shortestPart = 4
	longestWord  = 128 // bytes; the time of distance is the product of both lengths
)

// Meant returns the end of a message that asks whether the nearest known word was meant,
// or "" if none is near.
func Meant(word string, known ...string) string {
	if near := Near(word, known...); near != "" {
		return `; did you mean "` + near + `"?`
	}
	return ""
}

func fold(word string) string {
	if len(word) > longestWord {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, word)
}

// Distance returns how many letters must be replaced, added, removed or exchanged with their
// neighbour to turn one word into the other. Only letters that count for [Near] are compared.
func Distance(a, b string) int { return distance(fold(a), fold(b)) }

func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1) // distances of a prefix of a to each prefix of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			replaced := row[j]
			if a[i] != b[j] {
				replaced++
			}
			next[j+1] = min(replaced, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
