package builder

import "context"

func (b *build) stopped() bool { return b.interrupts.Load() > 0 }

// stopOnInterrupt asks what runs to end at the first interrupt, and kills it at every further one.
func (b *build) stopOnInterrupt(ctx context.Context, step Step, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-b.Interrupt:
			kill := b.interrupts.Add(1) > 1
			if err := b.engine.Stop(ctx, b.plan.Workspace, kill); err != nil {
				b.emit(Stopping, step.Name, err.Error())
				continue
			}
			b.emit(Stopping, step.Name, "")
		}
	}
}

// interruptible does something that is simply given up at an interrupt.
func (b *build) interruptible(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	end := meanwhile(func(done <-chan struct{}) {
		select {
		case <-b.Interrupt:
			b.interrupts.Add(1)
			cancel()
		case <-done:
		}
	})
	err := do(ctx)
	end()
	if b.stopped() {
		return &StoppedError{}
	}
	return err
}

// meanwhile does something beside what follows. End tells it that it is done, and waits until it has ended.
func meanwhile(do func(done <-chan struct{})) (end func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		do(done)
	}()
	return func() {
		close(done)
		<-ended
	}
}
