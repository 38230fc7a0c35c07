package mistake

import (
	"strings"
	"unicode"
)

// Near returns the known word that was probably meant, or nothing. Letter case,
// and what is neither letter nor digit, do not count. A word is near if it is a part
// of the known one, as Default of RuntimeDefault, or if no more than about a quarter
// of the letters differ.
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
	shortestWord = 2 // letters; one is near to everything
	shortestPart = 4
	longestWord  = 128 // bytes; distance takes the product of both lengths
)

// Meant is the end of a sentence that asks whether the nearest word was meant. It is
// empty if none is near.
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

// Distance is how many letters must be replaced, put in or left out to make one word of
// the other (Levenshtein), of the letters that count for [Near].
func Distance(a, b string) int { return distance(fold(a), fold(b)) }

func distance(a, b string) int {
	row := make([]int, len(b)+1) // distances of a's beginning to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
