package flow

import (
	"fmt"
	"time"
)

// waveInput is all that decides which visits of a launch go next.
type waveInput struct {
	launch   Launch
	visits   []LaunchVisit // all, the nearest day first
	day      map[string]int
	hour     map[string]int  // mails by calendar within the last 24 hours, within the last hour
	troubled map[string]bool // calendars that cannot be written to at present
}

// wave is what goes next.
type wave struct {
	visits []string
	done   bool   // nothing is left, neither held back nor on the way
	pause  string // why the launch should stop by itself and ask somebody
	wait   string // why nothing goes although something is held back; for people
}

// nextWave decides what goes next. It is pure. A wave goes when that before it
// has been tried as a whole, so that what is wrong with all of them shows before
// all have gone. A calendar that is in trouble holds back only its own visits,
// and so does one whose mail budget is spent. What is stuck of a wave that somebody
// has judged, by pausing and resuming, holds nothing back. The nearest dates go first.
func nextWave(in waveInput) wave {
	var held []LaunchVisit
	untried, onWay, stuck, before, bad, pilotStuck := 0, 0, map[string]bool{}, 0, 0, 0
	for _, v := range in.visits {
		if v.held() {
			held = append(held, v)
			continue
		}
		if v.Wave == in.launch.Wave && v.Wave > 0 {
			before++
			if v.State == EventParked || v.State == EventConflict {
				bad++
			}
		}
		if v.State != EventWaiting || v.Wave == 0 {
			continue
		}
		if v.Tries == 0 && !in.troubled[v.Calendar] {
			untried++
			continue
		}
		onWay++
		if v.Wave > in.launch.Judged { // older ones somebody has seen, and went on
			stuck[v.Calendar] = true
		}
		if v.Wave == 1 {
			pilotStuck++
		}
	}
	onWay += untried
	switch {
	case len(held) == 0 && onWay == 0:
		return wave{done: true}
	case len(held) == 0:
		return wave{}
	case untried > 0:
		return wave{wait: fmt.Sprintf("The next wave goes when %s on the way have been tried.", visits(untried))}
	case bad >= 3 && bad*5 >= before && in.launch.Judged < in.launch.Wave:
		return wave{pause: fmt.Sprintf("Of the %s of wave %d the calendars refuse %d, or a person has to decide about them. Look at them before more goes.", visits(before), in.launch.Wave, bad)}
	case in.launch.Wave == 1 && pilotStuck*5 > before && in.launch.Judged < 1:
		return wave{wait: fmt.Sprintf("The pilot wave waits for %s.", visits(pilotStuck))}
	}
	size := in.launch.Budget.Wave
	if in.launch.Wave == 0 {
		size = in.launch.Budget.Pilot
	}
	var w wave
	full, spent, trouble := map[string]bool{}, 0, 0
	took := map[string]int{}
	for _, v := range held {
		c := v.Calendar
		if in.troubled[c] || stuck[c] {
			trouble++
			continue
		}
		// One visit may go whatever its mails, or a launch could stand still for ever.
		if v.Mails > 0 && (full[c] || over(in.day[c]+took[c], v.Mails, in.launch.Budget.PerDay) || over(in.hour[c]+took[c], v.Mails, in.launch.Budget.PerHour)) {
			full[c] = true // those behind it must not overtake it
			spent++
			continue
		}
		if len(w.visits) < size {
			w.visits = append(w.visits, v.VisitID)
			took[c] += v.Mails
		}
	}
	if len(w.visits) == 0 {
		switch {
		case spent > 0 && trouble > 0:
			w.wait = fmt.Sprintf("%s wait for the mail budget, %d for calendars in trouble.", visits(spent), trouble)
		case spent > 0:
			w.wait = fmt.Sprintf("%s wait for the mail budget of their organiser.", visits(spent))
		default:
			w.wait = fmt.Sprintf("%s wait for calendars in trouble.", visits(trouble))
		}
	}
	return w
}

func over(spent, mails, budget int) bool { return spent > 0 && spent+mails > budget }

func visits(n int) string {
	if n == 1 {
		return "1 visit"
	}
	return fmt.Sprintf("%d visits", n)
}

// freeAt says when a calendar has room for more mails again, after what this
// launch sent; zero where it has room now.
func freeAt(visits []LaunchVisit, calendar string, p Budget, now time.Time) time.Time {
	var at time.Time
	for _, b := range []struct {
		span   time.Duration
		budget int
	}{{24 * time.Hour, p.PerDay}, {time.Hour, p.PerHour}} {
		n, oldest := 0, now
		for _, v := range visits {
			if v.Calendar == calendar && v.Wave != 0 && v.Released.After(now.Add(-b.span)) {
				n += v.Mails
				if v.Mails > 0 && v.Released.Before(oldest) {
					oldest = v.Released
				}
			}
		}
		if t := oldest.Add(b.span); n > 0 && n+1 > b.budget && t.After(at) {
			at = t
		}
	}
	return at
}
