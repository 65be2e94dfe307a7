package bound

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"windshield/internal/planning"
)

func TestTry(t *testing.T) {
	name := os.Getenv("INST")
	f, err := os.Open("../testdata/" + name + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	p, err := planning.ReadProblem(f)
	if err != nil {
		t.Fatal(err)
	}
	rounds, _ := strconv.Atoi(os.Getenv("ROUNDS"))
	t0 := time.Now()
	m, _ := compile(context.Background(), p)
	fmt.Println("compiled", time.Since(t0))
	a := newAscent(context.Background(), m, Options{Rounds: rounds, trace: func(r int, v, best int64, pr, st float64) {
		fmt.Println(r, v, best, int(pr), int(st), time.Since(t0))
	}})
	a.run()
	a.propose()
	fmt.Println(a.best, a.rounds, time.Since(t0))
	lp, col, cost, load, loadcol := 0.0, 0.0, 0.0, 0.0, 0.0
	for e := range a.pool {
		avg := make([]float64, m.values)
		n := 0.0
		for _, c := range a.pool[e] {
			cost += c.weight * c.cost
			n += c.weight * c.n
			loadcol += c.weight * max(c.n-float64(m.execs[e].target), float64(m.execs[e].target)-c.n)
			for _, t := range c.values {
				avg[t.index] += c.weight * t.times
				col += c.weight * max(0, t.times-float64(m.execs[e].quota[t.index]))
			}
		}
		for x := range avg {
			lp += max(0, avg[x]-float64(m.execs[e].quota[x]))
		}
		load += max(n-float64(m.execs[e].target), float64(m.execs[e].target)-n)
	}
	over := 0.0
	for _, o := range a.master.over {
		over += max(o, -o)
	}
	fmt.Printf("raw %.0f excess lp %.1f col %.1f load %.1f col %.1f missed %.2f\n", cost, lp, col, load, loadcol, over)
}
