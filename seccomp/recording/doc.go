// Package recording holds what a container was seen to do: a recording has every syscall that
// its processes made, exactly counted. A recording is data and no profile: package generate
// makes profiles from recordings. It is pure.
//
// # What a call has
//
// Calls are counted by the kind of process ([Call.Process]), the ABI and the number. Calls
// whose arguments decide what they do ([Decisive]) have the distinct values of these arguments,
// too, up to a bound: [Call.Others] is the number of calls with further values. An argument in
// memory is not read, since the program can change it after a filter has seen it:
// [Call.Unseen] names it.
//
// # Complete or not
//
// A recording says itself what it lacks: [Recording.Gaps].
package recording
