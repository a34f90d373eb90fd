// Package catalog is the list of operations that Pollux promises to have, as the tests
// that hold it to the promise need it. Only tests import it.
package catalog

import "slices"

// Operation is an operation of the catalog.
type Operation struct {
	Key, Title, Method, Path string
	// Poll is the strategy by which it is watched; empty when it is not.
	Poll string
}

// HighLevel returns the 124 operations of HighLevel, category by category. Of the 55 that
// are there to be watched each has a strategy.
func HighLevel() []Operation {
	return slices.Concat(contacts(), calendars(), opportunities(), users(), conversations(), businesses(), workflows(), others())
}

func contacts() []Operation {
	return []Operation{
		{"contact.get", "Get Contact", "GET", "/contacts/{contactId}", "snapshot"},
		{"contact.search", "Search Contacts", "POST", "/contacts/search", "keyset"},
		{"contact.list_by_business", "Get Contacts by Business", "GET", "/contacts/business/{businessId}", "snapshot"},
		{"contact.find_duplicate", "Get Duplicate Contact", "GET", "/contacts/search/duplicate", "snapshot"},
		{"contact.appointment.list", "Get Contact Appointments", "GET", "/contacts/{contactId}/appointments", "fan_out"},
		{"contact.task.list", "Get Contact Tasks", "GET", "/contacts/{contactId}/tasks", "fan_out"},
		{"contact.task.get", "Get Contact Task by ID", "GET", "/contacts/{contactId}/tasks/{taskId}", "snapshot"},
		{"contact.note.list", "Get Contact Notes", "GET", "/contacts/{contactId}/notes", "fan_out"},
		{"contact.note.get", "Get Contact Note by ID", "GET", "/contacts/{contactId}/notes/{noteId}", "snapshot"},
		{"contact.list_legacy", "List Contacts (Deprecated)", "GET", "/contacts/", "newest"},
		{"contact.create", "Create Contact", "POST", "/contacts/", ""},
		{"contact.update", "Update Contact", "PUT", "/contacts/{contactId}", ""},
		{"contact.find", "Find Contact", "GET", "/contacts/search/duplicate", ""},
		{"contact.delete", "Delete Contact", "DELETE", "/contacts/{contactId}", ""},
		{"contact.upsert", "Upsert Contact", "POST", "/contacts/upsert", ""},
		{"contact.tag.add", "Add Tags to Contact", "POST", "/contacts/{contactId}/tags", ""},
		{"contact.tag.remove", "Remove Tags from Contact", "DELETE", "/contacts/{contactId}/tags", ""},
		{"contact.tag.bulk_update", "Bulk Update Contact Tags", "POST", "/contacts/bulk/tags/update/{type}", ""},
		{"contact.task.create", "Create Contact Task", "POST", "/contacts/{contactId}/tasks", ""},
		{"contact.task.update", "Update Contact Task", "PUT", "/contacts/{contactId}/tasks/{taskId}", ""},
		{"contact.task.complete", "Complete Contact Task", "PUT", "/contacts/{contactId}/tasks/{taskId}/completed", ""},
		{"contact.task.delete", "Delete Contact Task", "DELETE", "/contacts/{contactId}/tasks/{taskId}", ""},
		{"contact.note.create", "Create Contact Note", "POST", "/contacts/{contactId}/notes", ""},
		{"contact.note.update", "Update Contact Note", "PUT", "/contacts/{contactId}/notes/{noteId}", ""},
		{"contact.note.delete", "Delete Contact Note", "DELETE", "/contacts/{contactId}/notes/{noteId}", ""},
		{"contact.campaign.add", "Add Contact to Campaign", "POST", "/contacts/{contactId}/campaigns/{campaignId}", ""},
		{"contact.campaign.remove", "Remove from Campaign", "DELETE", "/contacts/{contactId}/campaigns/{campaignId}", ""},
		{"contact.campaign.remove_all", "Remove from All Campaigns", "DELETE", "/contacts/{contactId}/campaigns/removeAll", ""},
	}
}

func calendars() []Operation {
	return []Operation{
		{"calendar_group.list", "List Calendar Groups", "GET", "/calendars/groups", "snapshot"},
		{"calendar.list", "List Calendars", "GET", "/calendars/", "snapshot"},
		{"calendar.get", "Get Calendar by ID", "GET", "/calendars/{calendarId}", "snapshot"},
		{"calendar.free_slots", "Get Free Slots", "GET", "/calendars/{calendarId}/free-slots", "snapshot"},
		{"calendar_event.list", "List Calendar Events", "GET", "/calendars/events", "snapshot"},
		{"blocked_slot.list", "List Blocked Slots", "GET", "/calendars/blocked-slots", "snapshot"},
		{"appointment.get", "Get Appointment", "GET", "/calendars/events/appointments/{eventId}", "snapshot"},
		{"appointment_note.list", "List Appointment Notes", "GET", "/calendars/appointments/{appointmentId}/notes", "snapshot"},
		{"calendar_notification.list", "List Calendar Notifications", "GET", "/calendars/{calendarId}/notifications", "fan_out"},
		{"calendar_notification.get", "Get Calendar Notification", "GET", "/calendars/{calendarId}/notifications/{notificationId}", "snapshot"},
		{"calendar_resource.list", "List Calendar Resources", "GET", "/calendars/resources/{resourceType}", "snapshot"},
		{"calendar_resource.get", "Get Calendar Resource", "GET", "/calendars/resources/{resourceType}/{resourceId}", "snapshot"},
		{"calendar_group.create", "Create Calendar Group", "POST", "/calendars/groups", ""},
		{"calendar_group.update", "Update Calendar Group", "PUT", "/calendars/groups/{groupId}", ""},
		{"calendar_group.set_status", "Update Group Status", "PUT", "/calendars/groups/{groupId}/status", ""},
		{"calendar_group.delete", "Delete Calendar Group", "DELETE", "/calendars/groups/{groupId}", ""},
		{"calendar_group.validate_slug", "Validate Group Slug", "POST", "/calendars/groups/validate-slug", ""},
		{"calendar.create", "Create Calendar", "POST", "/calendars/", ""},
		{"calendar.update", "Update Calendar", "PUT", "/calendars/{calendarId}", ""},
		{"calendar.delete", "Delete Calendar", "DELETE", "/calendars/{calendarId}", ""},
		{"appointment.create", "Create Appointment", "POST", "/calendars/events/appointments", ""},
		{"appointment.update", "Update Appointment", "PUT", "/calendars/events/appointments/{eventId}", ""},
		{"calendar_event.delete", "Delete Event", "DELETE", "/calendars/events/{eventId}", ""},
		{"block_slot.create", "Create Block Slot", "POST", "/calendars/events/block-slots", ""},
		{"block_slot.update", "Update Block Slot", "PUT", "/calendars/events/block-slots/{eventId}", ""},
		{"appointment_note.create", "Create Appointment Note", "POST", "/calendars/appointments/{appointmentId}/notes", ""},
		{"appointment_note.update", "Update Appointment Note", "PUT", "/calendars/appointments/{appointmentId}/notes/{noteId}", ""},
		{"appointment_note.delete", "Delete Appointment Note", "DELETE", "/calendars/appointments/{appointmentId}/notes/{noteId}", ""},
		{"calendar_notification.create", "Create Calendar Notification", "POST", "/calendars/{calendarId}/notifications", ""},
		{"calendar_notification.update", "Update Notification", "PUT", "/calendars/{calendarId}/notifications/{notificationId}", ""},
		{"calendar_notification.delete", "Delete Notification", "DELETE", "/calendars/{calendarId}/notifications/{notificationId}", ""},
		{"calendar_resource.create", "Create Calendar Resource", "POST", "/calendars/resources/{resourceType}", ""},
		{"calendar_resource.update", "Update Calendar Resource", "PUT", "/calendars/resources/{resourceType}/{resourceId}", ""},
		{"calendar_resource.delete", "Delete Calendar Resource", "DELETE", "/calendars/resources/{resourceType}/{resourceId}", ""},
	}
}

func opportunities() []Operation {
	return []Operation{
		{"opportunity.search", "Search Opportunities", "POST", "/opportunities/search", "keyset"},
		{"opportunity.get", "Get Opportunity", "GET", "/opportunities/{opportunityId}", "snapshot"},
		{"pipeline.list", "List Pipelines", "GET", "/opportunities/pipelines", "snapshot"},
		{"opportunity.create", "Create Opportunity", "POST", "/opportunities/", ""},
		{"opportunity.update", "Update Opportunity", "PUT", "/opportunities/{opportunityId}", ""},
		{"opportunity.delete", "Delete Opportunity", "DELETE", "/opportunities/{opportunityId}", ""},
		{"opportunity.update_status", "Update Opportunity Status", "PUT", "/opportunities/{opportunityId}/status", ""},
		{"opportunity.upsert", "Upsert Opportunity", "POST", "/opportunities/upsert", ""},
		{"opportunity.follower.add", "Add Followers", "POST", "/opportunities/{opportunityId}/followers", ""},
		{"opportunity.follower.remove", "Remove Followers", "DELETE", "/opportunities/{opportunityId}/followers", ""},
	}
}

func users() []Operation {
	return []Operation{
		{"user.search", "Search Users", "GET", "/users/search", "snapshot"},
		{"user.filter_by_email", "Filter Users by Email", "POST", "/users/search/filter-by-email", "snapshot"},
		{"user.get", "Get User", "GET", "/users/{userId}", "snapshot"},
		{"user.list_by_location", "List Users by Location", "GET", "/users/", "snapshot"},
		{"user.create", "Create User", "POST", "/users/", ""},
		{"user.update", "Update User", "PUT", "/users/{userId}", ""},
		{"user.delete", "Delete User", "DELETE", "/users/{userId}", ""},
	}
}

func conversations() []Operation {
	return []Operation{
		{"conversation.search", "Search Conversations", "GET", "/conversations/search", "newest"},
		{"conversation.get", "Get Conversation", "GET", "/conversations/{conversationId}", "snapshot"},
		{"email.get", "Get Email by ID", "GET", "/conversations/messages/email/{emailMessageId}", "snapshot"},
		{"message.get", "Get Message by ID", "GET", "/conversations/messages/{messageId}", "snapshot"},
		{"conversation.message.list", "Get Messages by Conversation", "GET", "/conversations/{conversationId}/messages", "fan_out"},
		{"message.recording.get", "Get Message Recording", "GET", "/conversations/messages/{messageId}/locations/{locationId}/recording", "snapshot"},
		{"message.transcription.get", "Get Message Transcription", "GET", "/conversations/locations/{locationId}/messages/{messageId}/transcription", "snapshot"},
		{"message.transcription.download", "Download Transcription", "GET", "/conversations/locations/{locationId}/messages/{messageId}/transcription/download", "snapshot"},
		{"message.update_status", "Update Message Status", "PUT", "/conversations/messages/{messageId}/status", ""},
		{"livechat.typing", "Agent Typing Indicator", "POST", "/conversations/providers/live-chat/typing", ""},
	}
}

func businesses() []Operation {
	return []Operation{
		{"business.get", "Get Business", "GET", "/businesses/{businessId}", "snapshot"},
		{"business.list", "List Businesses by Location", "GET", "/businesses/", "snapshot"},
		{"business.create", "Create Business", "POST", "/businesses/", ""},
		{"business.update", "Update Business", "PUT", "/businesses/{businessId}", ""},
		{"business.delete", "Delete Business", "DELETE", "/businesses/{businessId}", ""},
	}
}

func workflows() []Operation {
	return []Operation{
		{"workflow.list", "List Workflows", "GET", "/workflows/", "snapshot"},
		{"snapshot.list", "List Snapshots", "GET", "/snapshots/", "snapshot"},
		{"campaign.list", "List Campaigns", "GET", "/campaigns/", "snapshot"},
		{"contact.workflow.add", "Add Contact to Workflow", "POST", "/contacts/{contactId}/workflow/{workflowId}", ""},
		{"contact.workflow.remove", "Remove from Workflow", "DELETE", "/contacts/{contactId}/workflow/{workflowId}", ""},
		{"contact.follower.add", "Add Contact Followers", "POST", "/contacts/{contactId}/followers", ""},
		{"contact.follower.remove", "Remove Contact Followers", "DELETE", "/contacts/{contactId}/followers", ""},
		{"contact.business.bulk_update", "Bulk Business Update", "POST", "/contacts/bulk/business", ""},
	}
}

func others() []Operation {
	return []Operation{
		{"location.search", "List Locations", "GET", "/locations/search", "snapshot"},
		{"custom_field.list", "List Custom Fields", "GET", "/locations/{locationId}/customFields", "snapshot"},
		{"company.get", "Get Company", "GET", "/companies/{companyId}", "snapshot"},
		{"association.list", "Find Associations", "GET", "/associations/", "snapshot"},
		{"association.get", "Get Association", "GET", "/associations/{associationId}", "snapshot"},
		{"association.get_by_key", "Get Association Key", "GET", "/associations/key/{keyName}", "snapshot"},
		{"association.list_by_object_key", "Get Association by Keys", "GET", "/associations/objectKey/{objectKey}", "snapshot"},
		{"relation.list_by_record", "Get Relations by Record", "GET", "/associations/relations/{recordId}", "fan_out"},
		{"blog.slug_check", "Check Blog URL Slug", "GET", "/blogs/posts/url-slug-exists", "snapshot"},
		{"blog.author.list", "Get Blog Authors", "GET", "/blogs/authors", "snapshot"},
		{"blog.category.list", "Get Blog Categories", "GET", "/blogs/categories", "snapshot"},
		{"blog.post.list", "Get Blog Posts", "GET", "/blogs/posts/all", "fan_out"},
		{"blog.site.list", "Get Blogs by Location", "GET", "/blogs/site/all", "snapshot"},
		{"location.get", "Find Location by ID", "GET", "/locations/{locationId}", ""},
		{"location.create", "Create Location", "POST", "/locations/", ""},
		{"association.create", "Create Association", "POST", "/associations/", ""},
		{"association.update", "Update Association", "PUT", "/associations/{associationId}", ""},
		{"association.delete", "Delete Association", "DELETE", "/associations/{associationId}", ""},
		{"relation.create", "Create Relation", "POST", "/associations/relations", ""},
		{"relation.delete", "Delete Relation", "DELETE", "/associations/relations/{relationId}", ""},
		{"blog.post.create", "Create Blog Post", "POST", "/blogs/posts", ""},
		{"blog.post.update", "Update Blog Post", "PUT", "/blogs/posts/{postId}", ""},
	}
}

// HighLevelBesides returns the operations that the catalog does not name and that go with
// it.
func HighLevelBesides() []Operation {
	return []Operation{
		{"task.search", "Task Search Filter", "POST", "/locations/{locationId}/tasks/search", "snapshot"},
		{"opportunity.search_legacy", "Search Opportunities (by query)", "GET", "/opportunities/search", "newest"},
		{"message.export", "Export Messages", "GET", "/conversations/messages/export", "newest"},
		{"message.send", "Send Message", "POST", "/conversations/messages", ""},
		{"message.attachment.upload", "Upload File Attachments", "POST", "/conversations/messages/upload", ""},
		{"conversation.update", "Update Conversation", "PUT", "/conversations/{conversationId}", ""},
		{"custom_value.list", "List Custom Values", "GET", "/locations/{locationId}/customValues", "snapshot"},
		{"location.installed.list", "List Locations with the App", "GET", "/oauth/installedLocations", ""},
		{"tag.list", "List Tags", "GET", "/locations/{locationId}/tags", "snapshot"},
	}
}

// Stibee returns the operations of Stibee's documents: those of version 2 and of automatic
// e-mails.
func Stibee() []Operation {
	const list, email = "/lists/{listId}", "/emails/{emailId}"
	const subscribers, groups, senders = list + "/subscribers", list + "/groups", list + "/senders"
	return []Operation{
		{"auth.check", "Check the key", "GET", "/auth-check", ""},
		{"list.list", "List lists", "GET", "/lists", "snapshot"},
		{"list.get", "Get list", "GET", list, ""},
		{"list.create", "Create list", "POST", "/lists", ""},
		{"list.update", "Update list", "PUT", list, ""},
		{"list.delete", "Delete list", "DELETE", list, ""},
		{"list.copy", "Copy list", "POST", list + "/copy", ""},
		{"subscriber.list", "List subscribers", "GET", subscribers, "snapshot"},
		{"subscriber.count", "Count subscribers", "GET", subscribers + "/count", ""},
		{"subscriber.add", "Add subscriber", "POST", subscribers, ""},
		{"subscriber.batch_add", "Add subscribers", "POST", subscribers + "/batch", ""},
		{"subscriber.double_opt_in", "Add subscriber with double opt-in", "POST", subscribers + "/double-optin", ""},
		{"subscriber.update", "Update subscriber", "PUT", subscribers + "/{email}", ""},
		{"subscriber.unsubscribe", "Unsubscribe", "POST", subscribers + "/{email}/unsubscribe", ""},
		{"subscriber.delete", "Delete subscribers", "DELETE", subscribers, ""},
		{"group.assign", "Add subscriber to group", "POST", groups + "/{groupId}/assign", ""},
		{"group.release", "Remove subscriber from group", "POST", groups + "/{groupId}/release", ""},
		{"group.list", "List groups", "GET", groups, "snapshot"},
		{"group.create", "Create group", "POST", groups, ""},
		{"group.update", "Rename group", "PUT", groups + "/{groupId}", ""},
		{"group.delete", "Delete group", "DELETE", groups + "/{groupId}", ""},
		{"sender.list", "List senders", "GET", senders, "snapshot"},
		{"sender.add", "Add sender", "POST", senders, ""},
		{"sender.delete", "Delete sender", "DELETE", senders + "/{email}", ""},
		{"sender.verify", "Verify sender", "POST", senders + "/{email}/verify", ""},
		{"email.list", "List e-mails", "GET", "/emails", "snapshot"},
		{"email.get", "Get e-mail", "GET", email, ""},
		{"email.create", "Create e-mail", "POST", "/emails", ""},
		{"email.update", "Update e-mail", "PUT", email, ""},
		{"email.delete", "Delete e-mail", "DELETE", email, ""},
		{"email.copy", "Copy e-mail", "POST", email + "/copy", ""},
		{"email.content.get", "Get content of e-mail", "GET", email + "/content", ""},
		{"email.content.set", "Set content of e-mail", "POST", email + "/content", ""},
		{"email.send", "Send e-mail", "POST", email + "/send", ""},
		{"email.reserve", "Reserve sending of e-mail", "POST", email + "/reserve", ""},
		{"email.cancel_reserve", "Cancel reservation of e-mail", "POST", email + "/cancel-reserve", ""},
		{"email.logs", "List logs of e-mail", "GET", email + "/logs", "fan_out"},
		{"email.tag.assign", "Add tags to e-mail", "POST", email + "/tags/assign", ""},
		{"email.tag.release", "Remove tags from e-mail", "POST", email + "/tags/release", ""},
		{"auto.send", "Send automatic e-mail", "POST", "/auto/{autoId}", ""},
	}
}

// StibeeBesides returns what the connector makes out of these: the same request with a
// fixed value, or a walk over a list.
func StibeeBesides() []Operation {
	const subscribers = "/lists/{listId}/subscribers"
	return []Operation{
		{"subscriber.find", "Find subscriber", "GET", subscribers, ""},
		{"subscriber.upsert", "Add or update subscriber", "POST", subscribers, ""},
		{"subscriber.batch_upsert", "Add or update subscribers", "POST", subscribers + "/batch", ""},
	}
}
