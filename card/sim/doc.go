// Package sim is a simulated CNS card in a simulated reader, down to the command APDUs.
//
// [New] makes a [Bus] that card.CNS drives exactly as it drives the PC/SC service of the system: nothing above
// the bytes of a command can tell the two apart. [Issue] makes the practice card of the program, with a
// certification authority of its own whose names say that nothing it signs has legal value; [Practice.Bus]
// puts that card into a reader. [Conform] is the conformance suite for every implementation of card.Source, and
// [Bus.ServeVPCD] puts the simulated card into a real pcscd, through the virtual reader of vsmartcard.
//
// # Faults
//
// [Bus.Script] makes the card misbehave at chosen commands: any status word, removal, reset by another
// program, silence, or an answer cut short, before or after the command was carried out. [Bus.Log] tells what
// was sent, without the digits of any PIN.
//
// # Why
//
// The simulator stands as low as it can, below the driver, because a simulated token would test nothing of the
// driver. It follows the functional specification of the CNS as OpenSC reads it, and OpenSC accepts it; it
// proves nothing about the mask of one maker. It does not import package testing, so that the program can
// carry it as its practice card.
package sim
