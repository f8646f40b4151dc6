package builder

import (
	"slices"
	"sync"
)

// line is the steps that wait for a place to run in. It lets those that have the same turn go one at a time, and nobody wait for
// that in a place that another could have.
type line struct {
	mutex   sync.Mutex
	changed *sync.Cond
	waiting []int
	turns   map[int]string  // of each step that has one
	taken   map[string]bool // the turns of those that run
	over    bool
}

func newLine() *line {
	l := &line{turns: map[int]string{}, taken: map[string]bool{}}
	l.changed = sync.NewCond(&l.mutex)
	return l
}

func (l *line) add(step int, turn string) {
	l.waiting = append(l.waiting, step)
	if turn != "" {
		l.turns[step] = turn
	}
}

// next waits for the first step that may begin. There is none when all have begun, one has failed, or it is time to stop.
func (l *line) next(stopped func() bool) (step int, ok bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for !l.over && len(l.waiting) > 0 && !stopped() {
		i := slices.IndexFunc(l.waiting, func(step int) bool { return !l.taken[l.turns[step]] })
		if i >= 0 {
			step = l.waiting[i]
			l.waiting = slices.Delete(l.waiting, i, i+1)
			if turn, has := l.turns[step]; has {
				l.taken[turn] = true
			}
			return step, true
		}
		l.changed.Wait()
	}
	return 0, false
}

// done gives up the turn of a step that next gave. After one that is not good no other begins.
func (l *line) done(step int, good bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.taken, l.turns[step])
	l.over = l.over || !good
	l.changed.Broadcast()
}
